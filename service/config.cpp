#include "service/config.hpp"

#include <algorithm>
#include <cctype>

#include "service/config/field.hpp"

extern "C" char** environ;  // POSIX: declared by no header

namespace tollgate {
namespace config {
namespace {

constexpr std::size_t file_bytes_max = 1 << 20;
constexpr std::string_view variable_prefix = "TOLLGATE_";

std::string variable_name(const std::string& table, const std::string& key) {
    std::string name = std::string(variable_prefix) + table + "_" + key;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

std::vector<std::string> table_names() {
    std::vector<std::string> names;
    for (const auto& table : tables()) names.push_back(table.name);
    return names;
}

/// toml++ quotes what it stumbled over only where a number is too long; it may be part of a secret.
std::string without_quotation(std::string_view description) {
    auto quote = description.find('\'');
    auto end = description.rfind('\'');
    if (quote == std::string_view::npos || end - quote <= 3) return std::string(description);
    return std::string(description.substr(0, quote)) + "…" + std::string(description.substr(end + 1));
}

std::optional<toml::table> parse(const std::string& text, Reader& reader, const Origin& whole) {
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& error) {
        Origin at = whole;
        if (at.line == 0 && at.file != "environment") at.line = static_cast<unsigned>(error.source().begin.line);
        reader.problem(at, "is not valid TOML: " + without_quotation(error.description()));
        return std::nullopt;
    }
}

void read_table(const Table& known, const toml::node& node, Settings& settings, Reader& reader) {
    const auto* table = node.as_table();
    if (!table) return reader.problem(node, known.name, "is a table: write its keys below [" + known.name + "]");
    std::vector<std::string> names;
    for (const auto& field : known.fields) {
        names.push_back(field.name);
        if (const auto* value = table->get(field.name)) field.read(settings, *value, reader, known.name + "." + field.name);
    }
    refuse_unknown(*table, names, reader, known.name);
}

void read_config_file(const std::string& path, Settings& settings, Reader& reader) {
    reader.enter_file(path);
    auto content = read_file(path, file_bytes_max);
    if (!content) return reader.problem(Origin{path, 0, ""}, "the configuration file " + content.error());
    auto root = parse(*content, reader, {path, 0, ""});
    if (!root) return;
    for (const auto& table : tables())
        if (const auto* node = root->get(table.name)) read_table(table, *node, settings, reader);
    refuse_unknown(*root, table_names(), reader, "");
}

void read_variable(const Field<Settings>& field, const std::string& key, const std::string& name, const std::string& text,
                   Settings& settings, Reader& reader) {
    reader.enter_variable(name);
    if (field.textual) return field.read(settings, toml::value<std::string>{text}, reader, key);
    auto parsed = parse("value = " + text, reader, {"environment", 0, name});
    if (!parsed) return;
    if (parsed->size() != 1) return reader.problem(Origin{"environment", 0, name}, "must hold a single value");
    field.read(settings, *parsed->get("value"), reader, key);
}

void read_environment(const Environment& environment, Settings& settings, Reader& reader) {
    std::map<std::string, std::pair<const Field<Settings>*, std::string>> known;
    std::vector<std::string> names;
    for (const auto& table : tables())
        for (const auto& field : table.fields) {
            names.push_back(variable_name(table.name, field.name));
            known[names.back()] = {&field, table.name + "." + field.name};
        }
    std::vector<std::string> unknown;
    for (auto variable = environment.lower_bound(std::string(variable_prefix));
         variable != environment.end() && variable->first.starts_with(variable_prefix); ++variable) {
        const auto& [name, text] = *variable;
        if (auto found = known.find(name); found != known.end())
            read_variable(*found->second.first, found->second.second, name, text, settings, reader);
        else
            unknown.push_back(name);
    }
    for (const auto& name : unknown) {
        if (reader.referenced().contains(name)) continue;
        auto close = nearest(name, names);
        reader.problem(
            Origin{"environment", 0, name},
            "is not a variable of Tollgate" + (close ? "; did you mean " + *close + "?" : std::string(": unset it")));
    }
}

WebhookSource sandbox_source() {
    WebhookSource source;
    source.name = "sandbox";
    source.scheme = "stripe";
    source.secrets = {"whsec_sandbox"};
    return source;
}

}  // namespace

void refuse_unknown(const toml::table& table, const std::vector<std::string>& known, Reader& reader,
                    const std::string& prefix) {
    for (const auto& [key, value] : table) {
        std::string name(key.str());
        if (std::ranges::find(known, name) != known.end()) continue;
        std::string why = prefix.empty() ? "is not a known table" : "is not a known key";
        if (auto close = nearest(name, known)) {
            why += "; did you mean " + *close + "?";
        } else {
            for (const auto& other : tables())
                for (const auto& field : other.fields)
                    if (field.name == name && other.name != prefix && why.find("belongs") == std::string::npos)
                        why += "; it belongs to [" + other.name + "]";
        }
        reader.problem(value, prefix.empty() ? name : prefix + "." + name, why);
    }
}

}  // namespace config

std::string to_string(const ConfigProblem& problem) {
    std::string text = problem.file;
    if (problem.line > 0) text += (text.empty() ? "" : ":") + std::to_string(problem.line);
    if (!problem.key.empty()) text += (text.empty() ? "" : ": ") + problem.key;
    return text + (problem.key.empty() ? ": " : " ") + problem.why;
}

Environment process_environment() {
    Environment all;
    for (char** entry = environ; entry && *entry; ++entry) {
        std::string_view text(*entry);
        if (auto equals = text.find('='); equals != std::string_view::npos)
            all.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return all;
}

std::expected<Settings, std::vector<ConfigProblem>> load_settings(const std::optional<std::string>& path,
                                                                  const Environment& environment) {
    Settings settings;
    config::Reader reader(environment);
    if (path) config::read_config_file(*path, settings, reader);
    config::read_environment(environment, settings, reader);
    config::check_together(settings, reader);
    if (settings.webhook.sources.empty() && settings.gateway.kind == "sandbox")
        settings.webhook.sources.push_back(config::sandbox_source());
    auto problems = reader.take_problems();
    if (!problems.empty()) return std::unexpected(std::move(problems));
    return settings;
}

}  // namespace tollgate
