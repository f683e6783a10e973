#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "service/config.hpp"
#include "service/http/message.hpp"

namespace tollgate {

/// Who may do what. Immutable once made: safe to use from any thread.
class Authenticator {
public:
    explicit Authenticator(const std::vector<AuthKey>& keys);

    /// The tenant that a request with this Authorization header (absent, or on more than one line: nothing) acts for.
    /// Without configured keys everybody is "default". `unauthenticated` for a missing or wrong key, `forbidden` for a key
    /// without the scope; `metrics` is open to admin keys too, nothing else is implied. A 401 should carry
    /// `WWW-Authenticate: Bearer` (RFC 9110, 11.6.1; RFC 6750).
    /// The key is hashed against every configured one and compared in constant time, so an answer's time tells neither
    /// which key came close nor how close; it costs about 1.5 microseconds a configured key.
    [[nodiscard]] Result<std::string> check(std::optional<std::string_view> authorization, http::Scope scope) const;

    /// No keys are configured.
    [[nodiscard]] bool open() const noexcept { return keys_.empty(); }

    struct Holder {
        std::string tenant;
        std::string mark;  // of just this key, and telling nothing of it: another key of the same id has another
        bool admin = false;
    };
    /// Whose key this is, in as long a time as `check` takes; nothing for a wrong one.
    [[nodiscard]] std::optional<Holder> holder(std::string_view key) const;

    /// The tenant of the key with this mark; nothing when it was taken away or replaced, or is no longer for operators.
    [[nodiscard]] std::optional<std::string> admin_with(std::string_view mark) const;

private:
    struct Key {
        std::string tenant;
        std::string hash;
        std::string mark;
        bool charge = false, metrics = false, admin = false;
    };
    [[nodiscard]] const Key* find(std::string_view presented) const;

    std::vector<Key> keys_;
};

}  // namespace tollgate
