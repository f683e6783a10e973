#pragma once

#include <cstdint>
#include <string_view>

#include "core/error.hpp"

namespace tollgate::redis {

/// What an error reply says, by its first word (https://redis.io/docs/reference/protocol-spec, "Simple errors").
enum class ErrorKind : std::uint8_t {
    moved,           // MOVED: another node has the slot
    ask,             // ASK: another node has the key already, while its slot moves
    unknown_script,  // NOSCRIPT
    not_now,         // LOADING, BUSY, MASTERDOWN, CLUSTERDOWN, TRYAGAIN: the same again, after a pause
    demoted,         // READONLY: it is a replica now
    no_room,         // OOM, MISCONF, NOREPLICAS: it takes no writes until somebody or something mends that
    no_rights,       // NOAUTH, WRONGPASS, NOPERM
    other,           // the command's own
};

[[nodiscard]] ErrorKind kind_of(std::string_view error) noexcept;

/// The error without the words of a command that Redis does not know and quotes: a password may be among them.
[[nodiscard]] std::string_view without_our_words(std::string_view error) noexcept;

/// What such a reply means for the command: not executed, but for the command's own errors.
[[nodiscard]] Execution execution_of(ErrorKind kind) noexcept;

}  // namespace tollgate::redis
