#include "service/http/origin.hpp"

#include "service/http/text.hpp"

namespace tollgate::http {

bool has_another_origin(const Request& request) {
    if (request.count("origin") == 0) return false;
    const auto origin = request.header("origin");
    const auto host = request.header("host");
    if (!origin || !host) return true;
    for (const std::string_view scheme : {std::string_view("https://"), std::string_view("http://")}) {
        if (origin->starts_with(scheme)) return !same_word(origin->substr(scheme.size()), *host);
    }
    return true;
}

bool is_sent_by_another_page(const Request& request) {
    if (has_another_origin(request)) return true;
    if (request.count("sec-fetch-site") == 0) return false;
    const auto site = request.header("sec-fetch-site");
    return site != "same-origin" && site != "none";
}

}  // namespace tollgate::http
