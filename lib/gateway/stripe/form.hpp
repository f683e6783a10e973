#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "gateway/http_call.hpp"

namespace tollgate::stripe {

/// Parameters in the order they were added, as a body (application/x-www-form-urlencoded) or a query: "a%5Bb%5D=c".
class Form {
public:
    Form& add(std::string_view name, std::string_view value) {
        if (!text_.empty()) text_ += '&';
        text_.append(section6::percent_encode(name)).append(1, '=').append(section6::percent_encode(value));
        return *this;
    }
    Form& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
    Form& add(std::string_view name, std::integral auto value) { return add(name, std::string_view(std::to_string(value))); }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

}  // namespace tollgate::stripe
