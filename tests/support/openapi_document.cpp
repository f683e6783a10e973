#include "support/openapi_document.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <stdexcept>

namespace tollgate::test {
namespace {

namespace json = boost::json;

std::string content_of_file(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return made;
}

std::string_view type_of(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "boolean";
        case json::kind::int64:
        case json::kind::uint64:
            return "integer";
        case json::kind::double_:
            return "number";
        case json::kind::string:
            return "string";
        case json::kind::array:
            return "array";
        case json::kind::object:
            return "object";
    }
    return "";
}

std::int64_t characters(std::string_view text) {
    return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

/// One look at one value.
class Look {
public:
    Look(const OpenApiDocument& document, bool closed) : document_(document), closed_(closed) {}

    void check(const json::value& given, const json::value& value, const std::string& at) {
        const json::object& schema = document_.resolved(given);
        for (const auto& [keyword, rule] : schema) {
            if (!check(keyword, rule, schema, value, at)) throw std::runtime_error("unknown keyword " + std::string(keyword));
        }
        if (closed_ && value.is_object()) check_closed(schema, value.get_object(), at);
    }

    std::vector<std::string> errors;

private:
    void wrong(const std::string& at, const std::string& what) { errors.push_back((at.empty() ? "/" : at) + " " + what); }
    void need(bool good, const std::string& at, std::string_view keyword, const json::value& rule) {
        if (!good) wrong(at, std::string(keyword) + " " + json::serialize(rule));
    }

    bool check(std::string_view keyword, const json::value& rule, const json::object& schema, const json::value& value,
               const std::string& at) {
        for (const char* word : {"description", "default", "format"}) {
            if (keyword == word) return true;
        }
        return check_any(keyword, rule, value, at) || check_text(keyword, rule, value, at) ||
               check_number(keyword, rule, value, at) || check_array(keyword, rule, value, at) ||
               check_object(keyword, rule, schema, value, at);
    }

    bool check_any(std::string_view keyword, const json::value& rule, const json::value& value, const std::string& at) {
        if (keyword == "type") {
            const bool fits = rule.is_string() ? rule.as_string() == type_of(value)
                                               : std::ranges::any_of(rule.as_array(), [&](const json::value& one) {
                                                     return one.as_string() == type_of(value);
                                                 });
            need(fits, at, keyword, rule);
        } else if (keyword == "const") {
            need(value == rule, at, keyword, rule);
        } else if (keyword == "enum") {
            need(std::ranges::find(rule.as_array(), value) != rule.as_array().end(), at, keyword, rule);
        } else if (keyword == "allOf") {
            for (const json::value& one : rule.as_array()) check(one, value, at);
        } else if (keyword == "oneOf") {
            const auto fits = [&](const json::value& one) {
                Look look(document_, closed_);
                look.check(one, value, at);
                return look.errors.empty();
            };
            need(std::ranges::count_if(rule.as_array(), fits) == 1, at, keyword, rule);
        } else {
            return false;
        }
        return true;
    }

    bool check_text(std::string_view keyword, const json::value& rule, const json::value& value, const std::string& at) {
        if (keyword != "minLength" && keyword != "maxLength" && keyword != "pattern") return false;
        const json::string* text = value.if_string();
        if (text == nullptr) return true;
        if (keyword == "pattern") {
            need(std::regex_search(std::string(*text), std::regex(std::string(rule.as_string()))), at, keyword, rule);
        } else {
            need(keyword == "minLength" ? characters(*text) >= rule.as_int64() : characters(*text) <= rule.as_int64(), at,
                 keyword, rule);
        }
        return true;
    }

    bool check_number(std::string_view keyword, const json::value& rule, const json::value& value, const std::string& at) {
        if (keyword != "minimum" && keyword != "maximum") return false;
        const std::int64_t* number = value.if_int64();
        if (number != nullptr)
            need(keyword == "minimum" ? *number >= rule.as_int64() : *number <= rule.as_int64(), at, keyword, rule);
        return true;
    }

    bool check_array(std::string_view keyword, const json::value& rule, const json::value& value, const std::string& at) {
        if (keyword != "items" && keyword != "minItems" && keyword != "maxItems") return false;
        const json::array* array = value.if_array();
        if (array == nullptr) return true;
        const auto size = static_cast<std::int64_t>(array->size());
        if (keyword != "items") {
            need(keyword == "minItems" ? size >= rule.as_int64() : size <= rule.as_int64(), at, keyword, rule);
        } else {
            for (std::size_t i = 0; i < array->size(); ++i) check(rule, (*array)[i], at + "/" + std::to_string(i));
        }
        return true;
    }

    bool check_object(std::string_view keyword, const json::value& rule, const json::object& schema, const json::value& value,
                      const std::string& at) {
        static const std::set<std::string_view> known{"required", "properties", "additionalProperties", "propertyNames",
                                                      "maxProperties"};
        if (!known.contains(keyword)) return false;
        const json::object* object = value.if_object();
        if (object == nullptr) return true;
        if (keyword == "required") {
            for (const json::value& name : rule.as_array()) need(object->contains(name.as_string()), at, keyword, name);
        } else if (keyword == "maxProperties") {
            need(static_cast<std::int64_t>(object->size()) <= rule.as_int64(), at, keyword, rule);
        } else {
            for (const auto& [name, member] : *object) check_member(keyword, rule, schema, name, member, at);
        }
        return true;
    }

    void check_member(std::string_view keyword, const json::value& rule, const json::object& schema, std::string_view name,
                      const json::value& member, const std::string& at) {
        const std::string there = at + "/" + std::string(name);
        if (keyword == "propertyNames") return check(rule, json::value(name), there);
        if (keyword == "properties") {
            const json::value* property = rule.as_object().if_contains(name);
            if (property != nullptr) check(*property, member, there);
            return;
        }
        const json::value* properties = schema.if_contains("properties");
        if (properties != nullptr && properties->as_object().contains(name)) return;
        if (rule.is_object()) return check(rule, member, there);
        need(rule.as_bool(), there, keyword, rule);
    }

    /// A schema that only narrows another one has no type.
    void check_closed(const json::object& schema, const json::object& value, const std::string& at) {
        const json::value* properties = schema.if_contains("properties");
        if (properties == nullptr || !schema.contains("type") || schema.contains("additionalProperties")) return;
        for (const auto& [name, member] : value) {
            if (!properties->as_object().contains(name)) wrong(at + "/" + std::string(name), "is not described");
        }
    }

    const OpenApiDocument& document_;
    const bool closed_;
};

}  // namespace

OpenApiDocument::OpenApiDocument() : root_(json::parse(content_of_file(TOLLGATE_SOURCE "/service/openapi/openapi.json"))) {}

const json::object& OpenApiDocument::schema(std::string_view name) const {
    return root_.at("components").at("schemas").at(name).as_object();
}

const json::object& OpenApiDocument::resolved(const json::value& value) const {
    const json::value* target = value.as_object().if_contains("$ref");
    return target == nullptr ? value.as_object()
                             : root_.at_pointer(std::string_view(target->as_string()).substr(1)).as_object();
}

const json::object& OpenApiDocument::operation(std::string_view path, std::string_view method) const {
    return root_.at("paths").at(path).at(method).as_object();
}

const json::object& OpenApiDocument::content(const json::object& operation, int status, std::string_view media) const {
    const json::object& response = resolved(operation.at("responses").at(std::to_string(status)));
    return response.at("content").at(media.substr(0, media.find(';'))).as_object();
}

std::vector<std::string> OpenApiDocument::wrong(const json::value& schema, const json::value& value) const {
    Look look(*this, false);
    look.check(schema, value, "");
    return look.errors;
}

std::vector<std::string> OpenApiDocument::wrong_answer(const json::value& schema, const json::value& value) const {
    Look look(*this, true);
    look.check(schema, value, "");
    return look.errors;
}

const json::object* OpenApiDocument::operation_of(const Call& call) const {
    const json::object& paths = root_.at("paths").as_object();
    const std::string path = call.path.substr(0, call.path.find('?'));
    const json::value* methods = paths.if_contains(path);
    for (const auto& [pattern, those] : paths) {
        if (methods != nullptr) break;
        const std::string segments = std::regex_replace(std::string(pattern), std::regex("\\{[a-z]+\\}"), "[^/]+");
        if (std::regex_match(path, std::regex(segments))) methods = &those;
    }
    const std::string method = lower(call.method);
    const json::value* found = methods == nullptr ? nullptr : methods->as_object().if_contains(method);
    return found == nullptr ? nullptr : &found->as_object();
}

std::vector<std::string> OpenApiDocument::wrong_reply(const Call& call, const Reply& reply) const {
    const json::object* asked = operation_of(call);
    if (asked == nullptr) return {};
    const json::value* described = asked->at("responses").as_object().if_contains(std::to_string(reply.status));
    if (described == nullptr) return {"the status " + std::to_string(reply.status) + " is not described"};
    const json::object& response = resolved(*described);
    std::vector<std::string> errors;
    for (const auto& [name, header] : response.at("headers").as_object()) {
        if (resolved(header).contains("required") && !reply.headers.contains(lower(name)))
            errors.push_back("the header " + std::string(name) + " is missing");
    }
    const std::string media = reply.header("content-type");
    const json::value* content = response.at("content").as_object().if_contains(media.substr(0, media.find(';')));
    if (content == nullptr) {
        errors.push_back("the type " + media + " is not described");
    } else if (media.find("json") != media.npos) {
        std::ranges::move(wrong_answer(content->at("schema"), json::parse(reply.body)), std::back_inserter(errors));
    }
    return errors;
}

}  // namespace tollgate::test
