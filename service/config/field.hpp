#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/config/reader.hpp"
#include "service/config/values.hpp"

/// One description of a key, from which reading, the environment, the defaults and printing come.
namespace tollgate::config {

inline constexpr std::string_view mask = "********";

/// How a value is printed where others may see it.
enum class Shown : std::uint8_t { plainly, masked, without_password, without_query };

template <class Owner>
struct Field {
    std::string name;
    std::string doc;
    bool textual = false;       // a variable of the environment holds it bare, without TOML's quotes
    bool required = false;      // in an element of an array of tables
    bool always_shown = false;  // of such an element also where it is the default: left out it would mean something else
    std::function<void(Owner&, const toml::node&, Reader&, const std::string& key)> read;
    std::function<std::string(const Owner&)> show;  // as TOML, secrets masked
    std::function<void(Owner&)> wipe;               // what `show` does not show; none: it shows all
};

/// What is wrong with a value, or nothing.
template <class T>
using Check = std::function<std::optional<std::string>(const T&)>;

/// The fields of an element of an array of tables, and what is checked once one is read. The value of the first may decide
/// which others there are.
[[nodiscard]] const std::vector<Field<AuthKey>>& fields_of(const AuthKey& element);
[[nodiscard]] const std::vector<Field<WebhookSource>>& fields_of(const WebhookSource& element);
[[nodiscard]] const std::vector<Field<FraudRule>>& fields_of(const FraudRule& element);
void complete(AuthKey& element, const toml::table& table, Reader& reader, const std::string& key);
void complete(WebhookSource& element, const toml::table& table, Reader& reader, const std::string& key);
void complete(FraudRule& element, const toml::table& table, Reader& reader, const std::string& key);

[[nodiscard]] std::string quoted(std::string_view text);

/// Refuses what `table` holds and `fields` does not know, with the nearest known name.
void refuse_unknown(const toml::table& table, const std::vector<std::string>& known, Reader& reader, const std::string& prefix);

template <std::integral T>
bool read_value(T& out, const toml::node& node, Reader& reader, const std::string& key) {
    auto value = node.value_exact<std::int64_t>();
    if (!value || !std::in_range<T>(*value)) {
        reader.problem(node, key, value ? "is out of range" : "must be a whole number");
        return false;
    }
    out = static_cast<T>(*value);
    return true;
}

inline bool read_value(bool& out, const toml::node& node, Reader& reader, const std::string& key) {
    auto value = node.value_exact<bool>();
    if (!value) reader.problem(node, key, "must be true or false");
    if (value) out = *value;
    return value.has_value();
}

inline bool read_value(double& out, const toml::node& node, Reader& reader, const std::string& key) {
    auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (!value) reader.problem(node, key, "must be a number");
    if (value) out = *value;
    return value.has_value();
}

inline bool read_value(std::string& out, const toml::node& node, Reader& reader, const std::string& key) {
    auto value = reader.text(node, key);
    if (value) out = std::move(*value);
    return value.has_value();
}

inline bool read_value(Milliseconds& out, const toml::node& node, Reader& reader, const std::string& key) {
    auto text = reader.text(node, key);
    if (!text) return false;
    auto value = parse_duration(*text);
    if (!value) reader.problem(node, key, "is not a duration: a whole number and ms, s, m, h or d, like \"500ms\" or \"30s\"");
    if (value) out = *value;
    return value.has_value();
}

inline bool read_value(std::map<std::string, std::int64_t>& out, const toml::node& node, Reader& reader,
                       const std::string& key) {
    const auto* table = node.as_table();
    if (!table) {
        reader.problem(node, key, "must be a table of amounts, like {USD = 200000}");
        return false;
    }
    out.clear();
    bool good = true;
    for (const auto& [name, value] : *table) {
        std::string inner(name.str());
        good = read_value(out[inner], value, reader, key + "." + inner) && good;
    }
    return good;
}

inline bool read_value(std::vector<std::string>& out, const toml::node& node, Reader& reader, const std::string& key) {
    const auto* array = node.as_array();
    if (!array) {
        reader.problem(node, key, "must be an array of strings, like [\"a\", \"b\"]");
        return false;
    }
    out.clear();
    bool good = true;
    for (std::size_t i = 0; i < array->size(); ++i)
        good = read_value(out.emplace_back(), (*array)[i], reader, key + "[" + std::to_string(i) + "]") && good;
    return good;
}

template <class T>
void read_element(T& element, const toml::table& table, Reader& reader, const std::string& key) {
    std::vector<std::string> known;
    for (std::size_t i = 0; i < fields_of(element).size(); ++i) {
        const auto& field = fields_of(element)[i];
        known.push_back(field.name);
        if (const auto* node = table.get(field.name)) {
            field.read(element, *node, reader, key + "." + field.name);
        } else if (field.required) {
            reader.problem(table, key, "lacks `" + field.name + "`");
        }
    }
    refuse_unknown(table, known, reader, key);
    complete(element, table, reader, key);
}

template <class T>
bool read_value(std::vector<T>& out, const toml::node& node, Reader& reader, const std::string& key) {
    const auto* array = node.as_array();
    if (!array || !(array->empty() || array->is_homogeneous(toml::node_type::table))) {
        reader.problem(node, key, "must be an array of tables, like [[" + key + "]]");
        return false;
    }
    out.clear();
    for (std::size_t i = 0; i < array->size(); ++i) {
        auto name = key + "[" + std::to_string(i) + "]";
        reader.remember((*array)[i], name);
        read_element(out.emplace_back(), *(*array)[i].as_table(), reader, name);
    }
    return true;
}

inline std::string shown(bool value, Shown) {
    return value ? "true" : "false";
}
template <std::integral T>
std::string shown(T value, Shown) {
    return std::to_string(value);
}
std::string shown(double value, Shown);
inline std::string shown(Milliseconds value, Shown) {
    return quoted(duration_text(value));
}
std::string shown(const std::string& value, Shown how);
std::string shown(const std::vector<std::string>& values, Shown how);
std::string shown(const std::map<std::string, std::int64_t>& values, Shown);

template <class T>
std::string shown(const std::vector<T>& elements, Shown) {
    std::string text;
    for (const auto& element : elements) {
        std::string row;
        for (const auto& field : fields_of(element)) {
            auto value = field.show(element);
            if (field.required || field.always_shown || value != field.show(T{}))
                row += (row.empty() ? "" : ", ") + field.name + " = " + value;
        }
        text += "    {" + row + "},\n";
    }
    return text.empty() ? "[]" : "[\n" + text + "]";
}

/// Overwrites what is not shown of a value; the rest stays as it is shown.
template <class T>
void wipe_value(T&, Shown) {}
void wipe_value(std::string& value, Shown how);
inline void wipe_value(std::vector<std::string>& values, Shown how) {
    for (auto& value : values) wipe_value(value, how);
}
template <class T>
void wipe_value(std::vector<T>& elements, Shown) {
    for (auto& element : elements)
        for (const auto& field : fields_of(element))
            if (field.wipe) field.wipe(element);
}

/// `member` of the owner under this name; `check` runs once a value of the right type is there.
template <class Owner, class T>
Field<Owner> field(std::string name, T Owner::* member, std::type_identity_t<Check<T>> check, std::string doc,
                   Shown how = Shown::plainly) {
    constexpr bool textual = std::is_same_v<T, std::string> || std::is_same_v<T, Milliseconds>;
    return {.name = std::move(name),
            .doc = std::move(doc),
            .textual = textual,
            .read =
                [member, check](Owner& owner, const toml::node& node, Reader& reader, const std::string& key) {
                    T value{};
                    if (!read_value(value, node, reader, key)) return;
                    if (auto why = check ? check(value) : std::nullopt) return reader.problem(node, key, std::move(*why));
                    owner.*member = std::move(value);
                    reader.remember(node, key);
                },
            .show = [member, how](const Owner& owner) { return shown(owner.*member, how); },
            .wipe = [member, how](Owner& owner) { wipe_value(owner.*member, how); }};
}

template <class Owner>
Field<Owner> required(Field<Owner> field) {
    field.required = true;
    return field;
}

template <class Owner>
Field<Owner> always_shown(Field<Owner> field) {
    field.always_shown = true;
    return field;
}

/// A table of the file: its fields, seen from the whole settings.
struct Table {
    std::string name;
    std::vector<Field<Settings>> fields;
};

/// Every table and key there is, in the order of the documentation.
[[nodiscard]] const std::vector<Table>& tables();

/// What fraud.rules may hold, for the documentation: every kind and its keys, and an example.
[[nodiscard]] std::string fraud_rules_doc();

/// What one key alone cannot tell.
void check_together(const Settings& settings, Reader& reader);

}  // namespace tollgate::config
