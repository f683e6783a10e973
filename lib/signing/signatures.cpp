#include "signing/signatures.hpp"

#include "signing/hmac.hpp"

namespace tollgate {

std::string unix_seconds(WallTime time) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::string stripe_signature(std::string_view secret, WallTime at, std::string_view body) {
    const std::string timestamp = unix_seconds(at);
    return "t=" + timestamp + ",v1=" + hex(hmac_sha256(secret, {timestamp, ".", body}));
}

std::optional<std::string> standard_key(std::string_view secret) {
    constexpr std::string_view prefix = "whsec_";
    if (secret.starts_with(prefix)) secret.remove_prefix(prefix.size());
    auto key = from_base64(secret);
    return key && !key->empty() ? key : std::nullopt;
}

std::string standard_signature(std::string_view key, std::string_view id, std::string_view timestamp, std::string_view body) {
    const Mac mac = hmac_sha256(key, {id, ".", timestamp, ".", body});
    return "v1," + base64({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

}  // namespace tollgate
