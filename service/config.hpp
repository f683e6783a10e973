#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "fraud/kind.hpp"

/// What an operator decides: one TOML file, the environment over it, checked as a whole before anything starts.
/// The tables and keys below are the file's own, and the initial values are its defaults; `config/tollgate.toml` lists
/// them with a line of explanation each. A key is added here and with one line in config/keys.cpp.
namespace tollgate {

/// `id` is the tenant of whoever holds the key; `hash` comes from `tollgate hash-key`.
struct AuthKey {
    std::string id;
    std::string hash;
    std::vector<std::string> scopes;  // "charge", "metrics", "admin"

    friend bool operator==(const AuthKey&, const AuthKey&) = default;
};

struct WebhookSource {
    std::string name;
    std::string scheme;                // "stripe", "standard", "adyen"
    std::vector<std::string> secrets;  // several while one is being rotated
    Milliseconds tolerance{300'000};
    std::string signature_header;  // empty: the scheme's own

    friend bool operator==(const WebhookSource&, const WebhookSource&) = default;
};

struct FraudRule {
    std::string kind;      // of fraud::kinds()
    std::string name;      // unique; the kind when left out
    bool enabled = true;   // a feature flag
    bool shadow = false;   // judged and recorded, never acted on
    int score = 0;         // 50 when left out and the action is "score"
    std::string action;    // "block", "challenge" or "score"; the kind's own when left out
    fraud::Values values;  // of the kind's own keys; none is left out

    friend bool operator==(const FraudRule&, const FraudRule&) = default;
};

struct Settings {
    struct Server {
        std::string listen = "127.0.0.1:8080";
        int threads = 0;
        std::string tls_certificate, tls_private_key, tls_client_ca;
        std::size_t max_body = 262'144;
        Milliseconds header_timeout{10'000}, body_timeout{20'000}, idle_timeout{75'000};
        Milliseconds charge_timeout{30'000}, drain_timeout{25'000};
        std::size_t max_connections = 10'000, max_in_flight = 1024;
        friend bool operator==(const Server&, const Server&) = default;
    } server;

    struct Auth {
        std::vector<AuthKey> keys;
        friend bool operator==(const Auth&, const Auth&) = default;
    } auth;

    struct Store {
        std::string url = "sqlite:tollgate.db";
        Milliseconds timeout{1000};
        int wait_replicas = 0;
        friend bool operator==(const Store&, const Store&) = default;
    } store;

    struct Gateway {
        std::string kind = "sandbox", url, api_key;
        Milliseconds timeout{10'000};
        std::string return_url;
        std::int64_t max_per_second = 0;
        friend bool operator==(const Gateway&, const Gateway&) = default;
    } gateway;

    struct Goods {
        std::string url;
        Milliseconds timeout{5000};
        friend bool operator==(const Goods&, const Goods&) = default;
    } inventory, shipping;

    struct Idempotency {
        Milliseconds ttl{86'400'000};
        friend bool operator==(const Idempotency&, const Idempotency&) = default;
    } idempotency;

    struct RateLimit {
        std::int64_t requests = 100;
        Milliseconds per{60'000};
        std::int64_t burst = 100;
        friend bool operator==(const RateLimit&, const RateLimit&) = default;
    } rate_limit;

    struct Breaker {
        int failure_threshold = 5;
        Milliseconds recovery_timeout{30'000};
        int success_threshold = 2;
        friend bool operator==(const Breaker&, const Breaker&) = default;
    } breaker;

    struct Retry {
        int max_attempts = 3;
        Milliseconds base_delay{500}, max_delay{5000};
        double multiplier = 2.0;
        friend bool operator==(const Retry&, const Retry&) = default;
    } retry;

    struct Saga {
        Milliseconds lease{30'000};
        int compensation_retries = 3;
        Milliseconds compensation_delay{1000}, action_timeout{3'600'000};
        std::string expiring_authorization = "void";
        friend bool operator==(const Saga&, const Saga&) = default;
    } saga;

    struct Duplicates {
        Milliseconds window{86'400'000};
        friend bool operator==(const Duplicates&, const Duplicates&) = default;
    } duplicates;

    struct Webhook {
        std::vector<WebhookSource> sources;
        Milliseconds retention{std::chrono::days{35}};
        int max_attempts = 8;
        friend bool operator==(const Webhook&, const Webhook&) = default;
    } webhook;

    struct Notify {
        std::string url, secret;
        friend bool operator==(const Notify&, const Notify&) = default;
    } notify;

    struct Fraud {
        int review_threshold = 50;
        std::vector<FraudRule> rules;
        friend bool operator==(const Fraud&, const Fraud&) = default;
    } fraud;

    struct Reconcile {
        std::string at;
        friend bool operator==(const Reconcile&, const Reconcile&) = default;
    } reconcile;

    struct Audit {
        std::vector<std::string> keys;
        friend bool operator==(const Audit&, const Audit&) = default;
    } audit;

    struct Page {
        std::string url;
        friend bool operator==(const Page&, const Page&) = default;
    } page;

    struct Log {
        std::string level = "info", format = "json";
        friend bool operator==(const Log&, const Log&) = default;
    } log;

    friend bool operator==(const Settings&, const Settings&) = default;
};

/// One thing that is wrong, where, and how to mend it. Never quotes a value, which may be a secret.
struct ConfigProblem {
    std::string file;   // the file's path, or "environment"
    unsigned line = 0;  // from 1; 0 where there is none
    std::string key;    // "server.listen", "auth.keys[0].hash", or the variable's name; empty for the file as a whole
    std::string why;

    friend bool operator==(const ConfigProblem&, const ConfigProblem&) = default;
};

/// `tollgate.toml:3: server.listen: why`.
[[nodiscard]] std::string to_string(const ConfigProblem& problem);

using Environment = std::map<std::string, std::string>;

/// This process's own.
[[nodiscard]] Environment process_environment();

/// Reads and checks everything and finds every problem in one go (only a TOML syntax error hides what comes after it).
/// The environment's `TOLLGATE_TABLE_KEY` goes over the file's `[table] key`: strings and durations bare, all else as it
/// stands in TOML (`TOLLGATE_AUTH_KEYS=[{id="a",hash="…",scopes=["charge"]}]`). Any string, in an array too, may be
/// `env:NAME` or `file:PATH`; a trailing line break is taken off. Relative paths start at the working directory.
/// Defaults that depend on other keys are filled in: see FraudRule and, for webhook.sources, config/tollgate.toml.
[[nodiscard]] std::expected<Settings, std::vector<ConfigProblem>> load_settings(const std::optional<std::string>& path,
                                                                                const Environment& environment);

/// The settings as a TOML file, every secret that is set as "********".
[[nodiscard]] std::string to_masked_toml(const Settings& settings);

/// Overwrites every secret that `to_masked_toml` masks and leaves the mask in its place: for when all that needs them is built.
/// It reaches these settings only, and no copies: not what uses the secrets (the gateway's header, the signing keys, the
/// store's connections), not the environment or the file they came from, not what strings left on their way here.
void wipe_secrets(Settings& settings);

/// The text of config/tollgate.toml: every key, its default and what it means.
[[nodiscard]] std::string default_config_file();

}  // namespace tollgate
