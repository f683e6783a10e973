#include "service/console/cookie.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "service/http/text.hpp"
#include "signing/hmac.hpp"

namespace tollgate::console {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t token_length = 43;  // of base64 without padding

bool is_token(std::string_view text) {
    return text.size() == token_length &&
           std::ranges::all_of(text, [](char c) { return http::is_letter_or_digit(c) || c == '-' || c == '_'; });
}

}  // namespace

std::string draw_token() {
    std::array<char, token_bytes> bytes{};
    if (::RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("OpenSSL gave no random bytes: check the system's entropy source");
    std::string text = base64({bytes.data(), bytes.size()}).substr(0, token_length);
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

std::optional<std::string> token_of(const http::Request& request) {
    std::string_view rest = request.header("cookie").value_or("");
    std::optional<std::string_view> found;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        const std::string_view pair = http::trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (pair.substr(0, equals) != cookie_name) continue;
        if (found) return std::nullopt;
        found = pair.substr(std::min(equals + 1, pair.size()));
    }
    if (!found || !is_token(*found)) return std::nullopt;
    return std::string(*found);
}

std::string set_cookie(std::string_view token, std::chrono::seconds life) {
    return std::string(cookie_name) + "=" + std::string(token) +
           "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(life.count());
}

}  // namespace tollgate::console
