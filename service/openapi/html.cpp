#include "service/openapi/html.hpp"

#include <algorithm>

namespace tollgate::openapi {
namespace {

namespace json = boost::json;

constexpr std::size_t choices_max = 20;  // more of them are told by example

void print(const json::value& value, std::size_t indent, std::string& out) {
    const std::string line = "\n" + std::string(indent + 2, ' ');
    const std::string end = "\n" + std::string(indent, ' ');
    const char* before = "";
    if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
        out += '{';
        for (const auto& [name, member] : *object) {
            out.append(before).append(line).append(json::serialize(name)).append(": ");
            print(member, indent + 2, out);
            before = ",";
        }
        out.append(end).append("}");
    } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
        out += '[';
        for (const json::value& each : *array) {
            out.append(before).append(line);
            print(each, indent + 2, out);
            before = ",";
        }
        out.append(end).append("]");
    } else {
        out += json::serialize(value);
    }
}

std::string code(const json::value& value) {
    const json::string* text = value.if_string();
    return "<code>" + escaped(text != nullptr ? std::string_view(*text) : json::serialize(value)) + "</code>";
}

std::string choices(const json::array& values) {
    std::string out;
    const std::size_t shown = values.size() > choices_max ? 3 : values.size();
    for (std::size_t i = 0; i < shown; ++i) out += (i > 0 ? ", " : "") + code(values[i]);
    if (shown < values.size()) out += " … (" + std::to_string(values.size()) + ")";
    return out;
}

/// "1 to 255 characters", with whichever bound there is.
std::string bounds(const json::object& schema, const char* least, const char* most, std::string_view of) {
    const json::value* min = schema.if_contains(least);
    const json::value* max = schema.if_contains(most);
    if (max == nullptr) return min == nullptr ? "" : ", at least " + json::serialize(*min) + std::string(of);
    return min == nullptr ? ", at most " + json::serialize(*max) + std::string(of)
                          : ", " + json::serialize(*min) + " to " + json::serialize(*max) + std::string(of);
}

std::string type_of(const json::object& schema) {
    const json::value* type = schema.if_contains("type");
    if (type == nullptr) return "any JSON";
    if (const json::string* one = type->if_string()) return std::string(*one);
    std::string out;
    for (const json::value& each : type->as_array()) out.append(out.empty() ? "" : " or ").append(each.as_string());
    return out;
}

bool requires_member(const json::object& schema, std::string_view name) {
    const json::value* required = schema.if_contains("required");
    return required != nullptr && std::ranges::find(required->as_array(), json::value(name)) != required->as_array().end();
}

void rows(const json::object& schema, const std::string& at, std::string& out) {
    if (const json::value* items = schema.if_contains("items")) return rows(items->as_object(), at + "[].", out);
    const json::value* properties = schema.if_contains("properties");
    if (properties == nullptr) return;
    for (const auto& [name, member] : properties->as_object()) {
        const json::object& inner = member.as_object();
        out += "<tr><td><code>" + escaped(at) + escaped(name) + "</code>";
        if (requires_member(schema, name)) out += " <b>required</b>";
        out += "<td>" + kind_of(inner) + "<td>" + phrase(text_of(inner, "description"));
        rows(inner, at + std::string(name) + (inner.contains("items") ? "" : "."), out);
    }
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string phrase(std::string_view text) {
    std::string out;
    bool inside = false;
    for (const char c : escaped(text)) {
        if (c != '`') {
            out += c;
            continue;
        }
        out += inside ? "</code>" : "<code>";
        inside = !inside;
    }
    return out;
}

std::string prose(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\n\n"), text.size());
        out += "<p>" + phrase(text.substr(0, end)) + "</p>\n";
        text.remove_prefix(std::min(text.size(), end + 2));
    }
    return out;
}

std::string pretty(const json::value& value) {
    std::string out;
    print(value, 0, out);
    return out;
}

std::string_view text_of(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::string kind_of(const json::object& schema) {
    if (const std::string_view target = text_of(schema, "$ref"); !target.empty()) {
        const std::string name = escaped(target.substr(target.rfind('/') + 1));
        return "<a href=\"#schema-" + name + "\">" + name + "</a>";
    }
    if (const json::value* either = schema.if_contains("oneOf")) {
        std::string out;
        for (const json::value& each : either->as_array()) out += (out.empty() ? "" : " or ") + kind_of(each.as_object());
        return out;
    }
    if (const json::value* fixed = schema.if_contains("const")) return code(*fixed);
    if (const json::value* values = schema.if_contains("enum")) return choices(values->as_array());
    if (const json::value* items = schema.if_contains("items")) {
        return "array" + bounds(schema, "minItems", "maxItems", "") + ", of " + kind_of(items->as_object());
    }
    std::string out = type_of(schema);
    if (const std::string_view format = text_of(schema, "format"); !format.empty()) out += " (" + escaped(format) + ")";
    out += bounds(schema, "minimum", "maximum", "") + bounds(schema, "minLength", "maxLength", " characters");
    out += bounds(schema, "minProperties", "maxProperties", " members");
    if (const json::value* standard = schema.if_contains("default")) out += ", else " + code(*standard);
    return out;
}

std::string members(const json::object& schema) {
    std::string out;
    rows(schema, "", out);
    return out.empty() ? out : "<div class=wide><table>" + out + "</table></div>\n";
}

}  // namespace tollgate::openapi
