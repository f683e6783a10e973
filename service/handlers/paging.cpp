#include "service/handlers/paging.hpp"

#include <charconv>
#include <utility>

#include "core/json_writer.hpp"

namespace tollgate {

Result<std::size_t> page_limit(const http::Request& request) {
    std::size_t limit = 20;
    const auto text = request.parameter("limit");
    if (!text) return limit;
    const char* end = text->data() + text->size();
    const auto [read_to, error] = std::from_chars(text->data(), end, limit);
    if (error != std::errc{} || read_to != end || limit < 1 || limit > 100) {
        return fail(Code::bad_request, "the query's limit must be a number from 1 to 100");
    }
    return limit;
}

void PageBody::add(std::string_view item) {
    if (body_.back() == '}') body_ += ',';
    body_ += item;
}

std::string PageBody::take(std::string_view next_cursor) {
    body_ += R"(],"next_cursor":)";
    if (next_cursor.empty()) {
        body_ += "null";
    } else {
        append_json_string(body_, next_cursor);
    }
    body_ += '}';
    return std::move(body_);
}

}  // namespace tollgate
