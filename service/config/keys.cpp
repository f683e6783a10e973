#include "service/config/checks.hpp"

namespace tollgate::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Lifts the fields of one table to fields of the whole settings.
template <class Group>
Table table(std::string name, Group Settings::* group, std::vector<Field<Group>> fields) {
    Table lifted{std::move(name), {}};
    for (auto& f : fields)
        lifted.fields.push_back({.name = f.name,
                                 .doc = f.doc,
                                 .textual = f.textual,
                                 .read = [group, read = f.read](Settings& s, const toml::node& node, Reader& reader,
                                                                const std::string& key) { read(s.*group, node, reader, key); },
                                 .show = [group, show = f.show](const Settings& s) { return show(s.*group); },
                                 .wipe = [group, wipe = f.wipe](Settings& s) { wipe(s.*group); }});
    return lifted;
}

constexpr auto positive = milliseconds{1};
constexpr auto any = milliseconds{0};
constexpr std::int64_t many = 1'000'000'000;

}  // namespace

const std::vector<Table>& tables() {
    using S = Settings;
    // clang-format off
    static const std::vector<Table> all = {
        table("server", &S::server, {
            field("listen", &S::Server::listen, is_listen_address, "Address and port; port 0 picks a free one. Without auth.keys only loopback is allowed."),
            field("threads", &S::Server::threads, between(0, 1024), "Event loops; 0: one per core."),
            field("tls_certificate", &S::Server::tls_certificate, is_readable_pem, "PEM file with the certificate chain; together with tls_private_key it turns TLS 1.2 and 1.3 on."),
            field("tls_private_key", &S::Server::tls_private_key, is_readable_pem, "PEM file with the private key."),
            field("tls_client_ca", &S::Server::tls_client_ca, is_readable_pem, "PEM file; when set, clients must present a certificate that it signed."),
            field("max_body", &S::Server::max_body, between(1, 64 << 20), "Bytes; a longer body is answered 413."),
            field("header_timeout", &S::Server::header_timeout, at_least(positive), "For all headers of a request together."),
            field("body_timeout", &S::Server::body_timeout, at_least(positive), "For the whole body."),
            field("idle_timeout", &S::Server::idle_timeout, at_least(positive), "Between requests of one connection."),
            field("charge_timeout", &S::Server::charge_timeout, at_least(any), "How long POST /charge waits for the outcome before it answers 202."),
            field("drain_timeout", &S::Server::drain_timeout, at_least(any), "After SIGTERM, for what was accepted to finish."),
            field("max_connections", &S::Server::max_connections, between(1, 1'000'000), "Connections at once; more wait to be accepted."),
            field("max_in_flight", &S::Server::max_in_flight, between(1, 1'000'000), "Requests at once; above it new charges are answered 503 `overloaded`."),
        }),
        table("auth", &S::auth, {
            field("keys", &S::Auth::keys, nullptr, "API keys; `hash` is printed by `tollgate hash-key`, `scopes` are of \"charge\", \"metrics\", \"admin\", and `id` is the tenant.\nkeys = [{id = \"shop\", hash = \"hmac-sha256:…\", scopes = [\"charge\"]}]"),
        }),
        table("store", &S::store, {
            field("url", &S::Store::url, is_store_url, "sqlite:PATH, sqlite::memory:, redis://[user:pass@]host:port/db, rediss://…, redis+unix://PATH, redis+sentinel://host,host/master, redis+cluster://host,host.", Shown::without_password),
            field("timeout", &S::Store::timeout, at_least(positive), "For one operation of the store."),
            field("wait_replicas", &S::Store::wait_replicas, between(0, 100), "Redis only: how many replicas must hold a write before it counts; with replicas at least 1, or a failover can lose charges."),
        }),
        table("gateway", &S::gateway, {
            field("kind", &S::Gateway::kind, one_of({"sandbox", "http", "stripe"}), "\"sandbox\" (in this process, moves no money), \"http\" or \"stripe\"."),
            field("url", &S::Gateway::url, http_url(UrlUse::base), "Of the http gateway; for stripe it replaces the public endpoint when set."),
            field("api_key", &S::Gateway::api_key, is_secret_header_value, "Best written as env:NAME or file:PATH.", Shown::masked),
            field("timeout", &S::Gateway::timeout, at_least(positive), "For one call."),
            field("return_url", &S::Gateway::return_url, http_url(UrlUse::page), "Where the customer returns after authentication (3-D Secure)."),
            field("max_per_second", &S::Gateway::max_per_second, between(0, many), "Cap on calls, shared by all instances; 0: none."),
        }),
        table("inventory", &S::inventory, {
            field("url", &S::Goods::url, http_url(UrlUse::base), "Empty: the sandbox in this process."),
            field("timeout", &S::Goods::timeout, at_least(positive), "For one call."),
        }),
        table("shipping", &S::shipping, {
            field("url", &S::Goods::url, http_url(UrlUse::base), "Empty: the sandbox in this process."),
            field("timeout", &S::Goods::timeout, at_least(positive), "For one call."),
        }),
        table("idempotency", &S::idempotency, {
            field("ttl", &S::Idempotency::ttl, at_least(seconds{1}), "How long an answer is kept for replay; shorter than 24h is allowed, and the charge still blocks its key afterwards."),
        }),
        table("rate_limit", &S::rate_limit, {
            field("requests", &S::RateLimit::requests, between(0, many), "Charges per `per` for each customer.id of a tenant; 0: no limit."),
            field("per", &S::RateLimit::per, at_least(positive), "The time that `requests` are spread over."),
            field("burst", &S::RateLimit::burst, between(1, many), "How many may come at once after a quiet spell."),
        }),
        table("breaker", &S::breaker, {
            field("failure_threshold", &S::Breaker::failure_threshold, between(1, 1'000'000), "Failures in a row that open the breaker of a dependency and kind of call."),
            field("recovery_timeout", &S::Breaker::recovery_timeout, at_least(positive), "How long it stays open before it is probed."),
            field("success_threshold", &S::Breaker::success_threshold, between(1, 1'000'000), "Successful probes that close it."),
        }),
        table("retry", &S::retry, {
            field("max_attempts", &S::Retry::max_attempts, between(1, 100), "Tries of one outward call, the first included."),
            field("base_delay", &S::Retry::base_delay, at_least(any), "The longest wait before the second try; the wait is drawn from 0 up to it (full jitter)."),
            field("max_delay", &S::Retry::max_delay, at_least(any), "The longest wait before any try."),
            field("multiplier", &S::Retry::multiplier, [](double v) -> std::optional<std::string> {
                if (v >= 1 && v <= 100) return std::nullopt;
                return "must be from 1.0 to 100.0";
            }, "By which the longest wait grows from try to try."),
        }),
        table("saga", &S::saga, {
            field("lease", &S::Saga::lease, at_least(milliseconds{100}), "How long a charge belongs to one process without a sign of life from it."),
            field("compensation_retries", &S::Saga::compensation_retries, between(0, 1000), "Tries to undo a step before somebody is paged; undoing goes on after that."),
            field("compensation_delay", &S::Saga::compensation_delay, at_least(positive), "Before the first of these; the n-th waits n times as long."),
            field("action_timeout", &S::Saga::action_timeout, at_least(positive), "How long a customer has for authentication; then the charge is canceled."),
            field("expiring_authorization", &S::Saga::expiring_authorization, one_of({"void", "capture"}), "What becomes of a manual charge that nobody captured, shortly before its `capture_before`: \"void\" or \"capture\"."),
        }),
        table("duplicates", &S::duplicates, {
            field("window", &S::Duplicates::window, at_least(any), "A second charge of an order within it is answered 409 `probable_duplicate`; \"0s\": off."),
        }),
        table("webhook", &S::webhook, {
            field("sources", &S::Webhook::sources, nullptr, "Who may send events; with the sandbox gateway and none given: name \"sandbox\", scheme \"stripe\", secret \"whsec_sandbox\".\nsources = [{name = \"stripe\", scheme = \"stripe\", secrets = [\"env:WEBHOOK_SECRET\"], tolerance = \"300s\"}]"),
            field("retention", &S::Webhook::retention, at_least(seconds{1}), "How long events are archived and duplicates known."),
            field("max_attempts", &S::Webhook::max_attempts, between(1, 1000), "Tries to apply an event before it becomes a dead letter."),
        }),
        table("notify", &S::notify, {
            field("url", &S::Notify::url, http_url(UrlUse::target), "Where the shop wants its events; https unless loopback.", Shown::without_query),
            field("secret", &S::Notify::secret, is_standard_secret, "Signs them (Standard Webhooks): base64 of 24 to 64 random bytes, \"whsec_\" in front or not; best written as env:NAME or file:PATH.", Shown::masked),
        }),
        table("fraud", &S::fraud, {
            field("review_threshold", &S::Fraud::review_threshold, between(0, 1'000'000), "A charge with this score or more is flagged for review."),
            field("rules", &S::Fraud::rules, nullptr, fraud_rules_doc()),
        }),
        table("reconcile", &S::reconcile, {
            field("at", &S::Reconcile::at, is_time_of_day, "\"02:30\" (UTC) compares the day before, every day; empty: never."),
        }),
        table("audit", &S::audit, {
            field("keys", &S::Audit::keys, are_audit_keys, "Keys of the audit log's hash chain, of 16 bytes or more, best written as env:NAME or file:PATH (`openssl rand -hex 32` prints one).\nThe first signs, any of them verifies: to change it put the new one in front, and keep the old ones behind it as long as their records.\n\"\" behind them stands for records from before there was a key. Without any the chain shows damage and clumsy hands, but no forger.", Shown::masked),
        }),
        table("page", &S::page, {
            field("url", &S::Page::url, http_url(UrlUse::target), "Where pages go, as JSON; https unless loopback. They are always logged at critical as well.", Shown::without_query),
        }),
        table("log", &S::log, {
            field("level", &S::Log::level, one_of({"trace", "debug", "info", "warn", "error", "critical"}), "The least level that is written: trace, debug, info, warn, error, critical."),
            field("format", &S::Log::format, one_of({"json", "text"}), "\"json\" or \"text\", on standard error."),
        }),
    };
    // clang-format on
    return all;
}

}  // namespace tollgate::config
