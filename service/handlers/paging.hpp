#pragma once

#include <string>
#include <string_view>

#include "service/http/message.hpp"

/// What all pages of the API have in common: `?limit=&cursor=` in, `{"data":[…],"next_cursor":…}` out.
namespace tollgate {

/// The query's `limit`, 20 when it is absent. Fails with `bad_request` unless it is 1 … 100.
[[nodiscard]] Result<std::size_t> page_limit(const http::Request& request);

/// A page while it is written: each item is a JSON text.
class PageBody {
public:
    void add(std::string_view item);
    /// The whole body; an empty cursor becomes null.
    [[nodiscard]] std::string take(std::string_view next_cursor);

private:
    std::string body_ = R"({"data":[)";
};

}  // namespace tollgate
