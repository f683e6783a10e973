#pragma once

#include <algorithm>

#include "service/config/field.hpp"

/// What a single value must satisfy; each returns the sentence to show, or nothing.
namespace tollgate::config {

[[nodiscard]] inline auto between(std::int64_t least, std::int64_t most) {
    return [=](std::int64_t value) -> std::optional<std::string> {
        if (value >= least && value <= most) return std::nullopt;
        return "must be from " + std::to_string(least) + " to " + std::to_string(most);
    };
}

[[nodiscard]] inline auto at_least(Milliseconds least) {
    return [=](Milliseconds value) -> std::optional<std::string> {
        if (value >= least) return std::nullopt;
        return "must be " + duration_text(least) + " or longer";
    };
}

[[nodiscard]] inline auto one_of(std::vector<std::string> words) {
    return [known = std::move(words)](const std::string& value) -> std::optional<std::string> {
        if (std::ranges::find(known, value) != known.end()) return std::nullopt;
        std::string list;
        for (const auto& word : known) list += (list.empty() ? "" : ", ") + quoted(word);
        auto close = nearest(value, known);
        return "must be one of " + list + (close ? "; did you mean " + quoted(*close) + "?" : "");
    };
}

[[nodiscard]] inline auto http_url(UrlUse use) {
    return [=](const std::string& value) { return value.empty() ? std::nullopt : http_url_problem(value, use); };
}

[[nodiscard]] std::optional<std::string> is_listen_address(const std::string& value);
[[nodiscard]] std::optional<std::string> is_readable_pem(const std::string& value);
[[nodiscard]] std::optional<std::string> is_store_url(const std::string& value);
[[nodiscard]] std::optional<std::string> is_time_of_day(const std::string& value);
[[nodiscard]] std::optional<std::string> is_name(const std::string& value);
[[nodiscard]] std::optional<std::string> is_secret_header_value(const std::string& value);
[[nodiscard]] std::optional<std::string> is_standard_secret(const std::string& value);
[[nodiscard]] std::optional<std::string> are_audit_keys(const std::vector<std::string>& values);

}  // namespace tollgate::config
