#include "service/commands.hpp"

#include <openssl/crypto.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "redaction/redact.hpp"
#include "service/app.hpp"
#include "service/audit_command.hpp"
#include "service/config/values.hpp"
#include "service/key_hash.hpp"
#include "service/process.hpp"
#include "service/reconcile_command.hpp"

namespace tollgate {
namespace {

constexpr int exit_usage = 2;
constexpr const char* no_date = "--date must be a day like 2026-11-22.";

int usage_error(const std::string& sentence) {
    return say(sentence, exit_usage);
}

/// One sentence for all that is wrong; `check-config` tells the rest.
int refuse(const std::vector<ConfigProblem>& problems) {
    auto sentence = "configuration error: " + to_string(problems.front());
    if (problems.size() > 1)
        sentence += " (and " + std::to_string(problems.size() - 1) + " more: `tollgate check-config` lists them all)";
    return usage_error(sentence);
}

std::optional<std::chrono::sys_days> date_from(const std::string& text) {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    char beyond = 0;
    if (text.size() != 10 || text.find_first_not_of("0123456789-") != std::string::npos) return std::nullopt;
    if (std::sscanf(text.c_str(), "%4d-%2u-%2u%c", &year, &month, &day, &beyond) != 3) return std::nullopt;
    const auto date = std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day};
    return date.ok() ? std::optional<std::chrono::sys_days>(date) : std::nullopt;
}

struct Arguments {
    std::optional<std::string> config, url, gateway_report;
    std::string listen = "127.0.0.1:8090", date, out;
    bool defaults = false;
};

int run_serve(const Arguments& arguments) {
    auto settings = load_settings(arguments.config, process_environment());
    return settings ? serve(std::move(*settings)) : refuse(settings.error());
}

int run_sandbox_command(const Arguments& arguments) {
    if (!config::parse_listen(arguments.listen))
        return usage_error("--listen must be an address and a port, like 127.0.0.1:8090.");
    return run_sandbox(arguments.listen);
}

int run_demo_command(const Arguments& arguments) {
    auto why = arguments.url ? config::http_url_problem(*arguments.url, config::UrlUse::base) : std::nullopt;
    return why ? usage_error("--url " + *why + ".") : run_demo(arguments.url);
}

int run_check_config(const Arguments& arguments) {
    if (arguments.defaults) {
        std::cout << default_config_file();
        return 0;
    }
    return check_config(arguments.config, process_environment(), std::cout, std::cerr);
}

int run_health(const Arguments& arguments) {
    const std::string url = arguments.url.value_or("http://127.0.0.1:8080/health/ready");
    if (auto why = config::http_url_problem(url, config::UrlUse::page)) return usage_error("--url " + *why + ".");
    return health(url, std::cerr);
}

int run_reconcile(const Arguments& arguments) {
    const auto day = date_from(arguments.date);
    if (!day) return usage_error(no_date);
    if (*day > SystemClock().wall()) return usage_error("--date must be a day that has begun, by UTC.");
    std::error_code ignored;
    if (arguments.gateway_report && std::filesystem::equivalent(*arguments.gateway_report, arguments.out, ignored))
        return usage_error("--out must be another file than --gateway-report, which it would replace.");
    auto settings = load_settings(arguments.config, process_environment());
    return settings ? reconcile_day(*settings, {*day, arguments.gateway_report, arguments.out}) : refuse(settings.error());
}

int run_audit_verify(const Arguments& arguments) {
    auto settings = load_settings(arguments.config, process_environment());
    return settings ? verify_audit_log(*settings) : refuse(settings.error());
}

int run_audit_export(const Arguments& arguments) {
    const auto day = date_from(arguments.date);
    if (!day) return usage_error(no_date);
    auto settings = load_settings(arguments.config, process_environment());
    return settings ? export_audit_log(*settings, *day, arguments.out) : refuse(settings.error());
}

using Command = int (*)(const Arguments&);

/// Declares every command; whichever is chosen writes itself to `chosen`.
void declare(CLI::App& app, Arguments& arguments, Command& chosen) {
    auto command = [&](CLI::App& parent, const char* name, const char* does, Command run) {
        auto* sub = parent.add_subcommand(name, does);
        sub->final_callback([&chosen, run] { chosen = run; });
        return sub;
    };
    auto config_option = [&](CLI::App* sub) {
        sub->add_option("--config", arguments.config, "TOML file; the environment goes over it")->type_name("FILE");
        return sub;
    };
    app.require_subcommand(1);
    app.set_version_flag("--version", TOLLGATE_VERSION);

    config_option(command(app, "serve", "Runs the service", run_serve));
    auto* sandbox = command(app, "sandbox", "Runs a stand-in gateway, inventory and shipping over HTTP", run_sandbox_command);
    sandbox->add_option("--listen", arguments.listen, "Address and port; port 0 picks a free one")->type_name("ADDR");
    auto* demo = command(app, "demo", "Plays the seven scenarios", run_demo_command);
    demo->add_option("--url", arguments.url, "Of a running service; without it the demo starts its own")->type_name("URL");
    auto* reconcile = config_option(command(app, "reconcile", "Compares ledger and gateway for a UTC day", run_reconcile));
    reconcile->add_option("--date", arguments.date, "The day")->type_name("YYYY-MM-DD")->required();
    reconcile->add_option("--gateway-report", arguments.gateway_report, "Instead of asking the gateway")->type_name("FILE");
    reconcile->add_option("--out", arguments.out, "Where the report goes; .csv for CSV")->type_name("FILE");
    auto* check =
        config_option(command(app, "check-config", "Prints the effective configuration, secrets masked", run_check_config));
    check->add_flag("--defaults", arguments.defaults, "Prints a configuration file of all defaults, with explanations");
    auto* audit = app.add_subcommand("audit", "The audit log");
    audit->require_subcommand(1);
    config_option(command(*audit, "verify", "Checks the audit chain", run_audit_verify));
    auto* audit_export = config_option(command(*audit, "export", "Writes a UTC day's records as JSON lines", run_audit_export));
    audit_export->add_option("--date", arguments.date, "The day")->type_name("YYYY-MM-DD")->required();
    audit_export->add_option("--out", arguments.out, "Where they go; standard output when left out")->type_name("FILE");
    command(app, "hash-key", "Reads an API key on standard input, prints the hash to configure",
            [](const Arguments&) { return hash_key(std::cin, std::cout, std::cerr); });
    auto* health_command = command(app, "health", "Asks a running service whether it is ready", run_health);
    health_command->add_option("--url", arguments.url, "Default: http://127.0.0.1:8080/health/ready")->type_name("URL");
}

/// CLI11 would only say that a command is missing.
std::optional<std::string> unknown_command(CLI::App& app, int argc, const char* const* argv) {
    if (argc < 2 || *argv[1] == '-' || *argv[1] == '\0') return std::nullopt;
    std::vector<std::string> known;
    for (const auto* sub : app.get_subcommands(std::function<bool(CLI::App*)>{})) known.push_back(sub->get_name());
    if (std::ranges::find(known, argv[1]) != known.end()) return std::nullopt;
    auto close = config::nearest(argv[1], known);
    return "`" + std::string(argv[1]) + "` is no command" + (close ? "; did you mean " + *close + "?" : std::string());
}

}  // namespace

int check_config(const std::optional<std::string>& path, const Environment& environment, std::ostream& out, std::ostream& err) {
    auto settings = load_settings(path, environment);
    if (settings) {
        out << to_masked_toml(*settings);
        return 0;
    }
    for (const auto& problem : settings.error()) err << redact(to_string(problem)) << "\n";
    return exit_usage;
}

int hash_key(std::istream& in, std::ostream& out, std::ostream& err) {
    // Bounded: whatever is piped in, one byte over the longest key is enough to refuse it.
    std::string key(1024, '\0');
    in.read(key.data(), static_cast<std::streamsize>(key.size()));
    key.resize(static_cast<std::size_t>(in.gcount()));
    if (key.ends_with('\n')) key.pop_back();
    if (key.ends_with('\r')) key.pop_back();
    auto hash = hash_api_key(key);
    key.resize(1024);  // within its memory
    OPENSSL_cleanse(key.data(), key.size());
    if (!hash) {
        err << "tollgate: " << hash.error() << "\n";
        return exit_usage;
    }
    out << *hash << "\n";
    return 0;
}

int run_program(int argc, const char* const* argv) {
    CLI::App app("Tollgate charges cards once or not at all.", "tollgate");
    Arguments arguments;
    Command chosen = nullptr;
    declare(app, arguments, chosen);
    if (auto why = unknown_command(app, argc, argv)) return usage_error(*why + " (`tollgate --help` tells the commands)");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
        return usage_error(std::string(error.what()) + " (`tollgate --help` tells the usage)");
    }
    return chosen(arguments);
}

}  // namespace tollgate
