#include "service/openapi/page.hpp"

#include <algorithm>
#include <cctype>

#include "service/openapi/html.hpp"

namespace tollgate::openapi {
namespace {

namespace json = boost::json;

class Page {
public:
    explicit Page(const json::value& document) : document_(document) {}

    std::string take(std::string_view style) {
        const json::object& info = document_.at("info").as_object();
        const std::string title = escaped(text_of(info, "title"));
        out_ = "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<title>" + title + ": reference</title>\n";
        out_ +=
            "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<meta name=color-scheme content=\"light "
            "dark\">\n";
        out_.append("<style>").append(style).append("</style>\n<main>\n<h1>").append(title).append(" <small>");
        out_ += escaped(text_of(info, "version")) + "</small></h1>\n" + prose(text_of(info, "description"));
        out_ += "<p>The same for programs: <a href=\"openapi.json\">openapi.json</a></p>\n";
        contents();
        for (const json::value& tag : document_.at("tags").as_array()) section(tag.as_object());
        out_ += "<h2 id=schemas>Schemas</h2>\n";
        for (const auto& [name, schema] : component("schemas")) described_schema(name, schema.as_object());
        return std::move(out_) + "</main>\n</html>\n";
    }

private:
    const json::object& component(std::string_view kind) const { return document_.at("components").at(kind).as_object(); }

    /// What it refers to, or itself.
    const json::object& resolved(const json::value& value) const {
        const std::string_view target = text_of(value.as_object(), "$ref");
        return target.empty() ? value.as_object() : document_.at_pointer(target.substr(1)).as_object();
    }

    template <class Do>
    void for_each_operation(std::string_view tag, Do act) const {
        for (const auto& [path, methods] : document_.at("paths").as_object()) {
            for (const auto& [method, operation] : methods.as_object()) {
                if (operation.at("tags").at(0).as_string() == tag) act(path, method, operation.as_object());
            }
        }
    }

    static std::string route(std::string_view path, std::string_view method) {
        std::string upper(method);
        std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        return "<span class=\"method " + std::string(method) + "\">" + upper + "</span> <code>" + escaped(path) + "</code>";
    }

    void contents() {
        out_ += "<nav>\n";
        for (const json::value& tag : document_.at("tags").as_array()) {
            const std::string_view name = text_of(tag.as_object(), "name");
            out_ += "<h2>" + escaped(name) + "</h2>\n<ul>\n";
            for_each_operation(name, [this](auto path, auto method, const json::object& operation) {
                out_ += "<li><a href=\"#" + escaped(text_of(operation, "operationId")) + "\">" + route(path, method) + "</a> " +
                        phrase(text_of(operation, "summary")) + "\n";
            });
            out_ += "</ul>\n";
        }
        out_ += "</nav>\n";
    }

    void section(const json::object& tag) {
        const std::string_view name = text_of(tag, "name");
        out_ += "<h2>" + escaped(name) + "</h2>\n" + prose(text_of(tag, "description"));
        for_each_operation(name, [this](auto path, auto method, const json::object& operation) {
            out_ += "<article id=\"" + escaped(text_of(operation, "operationId")) + "\">\n<h3>" + route(path, method) + " " +
                    phrase(text_of(operation, "summary")) + "</h3>\n" + prose(text_of(operation, "description"));
            security(operation.at("security").as_array());
            parameters(operation.at("parameters").as_array());
            if (const json::value* body = operation.if_contains("requestBody")) request_body(body->as_object());
            out_ += "<h4>Answers</h4>\n";
            for (const auto& [status, response] : operation.at("responses").as_object()) answer(status, resolved(response));
            out_ += "</article>\n";
        });
    }

    void security(const json::array& ways) {
        if (ways.empty()) {
            out_ += "<p>Needs no key.</p>\n";
            return;
        }
        std::string scopes;
        for (const json::value& way : ways) {
            scopes += (scopes.empty() ? "<code>" : " or <code>") + escaped(way.as_object().begin()->key()) + "</code>";
        }
        out_ +=
            "<p>Needs <code>Authorization: Bearer KEY</code> with the scope " + scopes + ", where keys are configured.</p>\n";
    }

    void parameters(const json::array& all) {
        out_ += "<h4>Parameters</h4>\n<div class=wide><table>";
        for (const json::value& one : all) {
            const json::object& parameter = resolved(one);
            const bool required = parameter.contains("required") && parameter.at("required").as_bool();
            out_ += "<tr><td><code>" + escaped(text_of(parameter, "name")) + "</code> in the " +
                    escaped(text_of(parameter, "in")) + (required ? " <b>required</b>" : "") + "<td>" +
                    kind_of(parameter.at("schema").as_object()) + "<td>" + phrase(text_of(parameter, "description"));
        }
        out_ += "</table></div>\n";
    }

    void request_body(const json::object& body) {
        const bool required = body.at("required").as_bool();
        out_ += std::string("<h4>Body") + (required ? "" : ", may be left out") + "</h4>\n";
        for (const auto& [media, content] : body.at("content").as_object()) {
            const json::object& schema = content.at("schema").as_object();
            out_ += "<p><code>" + escaped(media) + "</code>: " + kind_of(schema) + "</p>\n" +
                    members(resolved(content.at("schema")));
            examples(content.as_object());
        }
    }

    void answer(std::string_view status, const json::object& response) {
        out_ += "<details><summary><b>" + escaped(status) + "</b> " + phrase(text_of(response, "description")) +
                "</summary>\n<ul>\n";
        for (const auto& [name, header] : response.at("headers").as_object()) {
            out_ += "<li><code>" + escaped(name) + "</code>: " + phrase(text_of(resolved(header), "description")) + "\n";
        }
        for (const auto& [media, content] : response.at("content").as_object()) {
            const json::object& schema = content.at("schema").as_object();
            out_ += "<li><code>" + escaped(media) + "</code>: ";
            if (const json::value* both = schema.if_contains("allOf")) {
                out_ += kind_of(both->at(0).as_object()) + " with the code " +
                        kind_of(both->at(1).at("properties").at("code").as_object());
            } else {
                out_ += kind_of(schema);
            }
            out_ += "\n</ul>\n";
            examples(content.as_object());
        }
        out_ += "</details>\n";
    }

    void examples(const json::object& content) {
        const json::value* all = content.if_contains("examples");
        if (all == nullptr) return;
        for (const auto& [name, example] : all->as_object()) {
            out_ += "<details><summary>Example: " + escaped(name) + "</summary>\n<pre>" + escaped(pretty(example.at("value"))) +
                    "</pre></details>\n";
        }
    }

    void described_schema(std::string_view name, const json::object& schema) {
        out_ += "<article id=\"schema-" + escaped(name) + "\">\n<h3>" + escaped(name) + "</h3>\n<p>" + kind_of(schema) +
                "</p>\n" + prose(text_of(schema, "description")) + members(schema) + "</article>\n";
    }

    const json::value& document_;
    std::string out_;
};

}  // namespace

std::string page(const json::value& document, std::string_view style) {
    return Page(document).take(style);
}

}  // namespace tollgate::openapi
