#include "net/redis/errors.hpp"

#include <array>
#include <utility>

namespace tollgate::redis {
namespace {

constexpr std::array<std::pair<std::string_view, ErrorKind>, 15> kinds{{
    {"MOVED", ErrorKind::moved},
    {"ASK", ErrorKind::ask},
    {"NOSCRIPT", ErrorKind::unknown_script},
    {"LOADING", ErrorKind::not_now},
    {"BUSY", ErrorKind::not_now},
    {"MASTERDOWN", ErrorKind::not_now},
    {"CLUSTERDOWN", ErrorKind::not_now},
    {"TRYAGAIN", ErrorKind::not_now},
    {"READONLY", ErrorKind::demoted},
    {"OOM", ErrorKind::no_room},
    {"MISCONF", ErrorKind::no_room},
    {"NOREPLICAS", ErrorKind::no_room},
    {"NOAUTH", ErrorKind::no_rights},
    {"WRONGPASS", ErrorKind::no_rights},
    {"NOPERM", ErrorKind::no_rights},
}};

// A script met a key that has moved to another node in the midst of its slot. Of ours only one that reads can: the others name
// a key that is never there, and are refused before they start.
constexpr std::string_view key_has_moved = "Script attempted to access a non local key";

}  // namespace

ErrorKind kind_of(std::string_view error) noexcept {
    const std::string_view word = error.substr(0, error.find(' '));
    for (const auto& [name, kind] : kinds) {
        if (word == name) return kind;
    }
    return error.find(key_has_moved) != std::string_view::npos ? ErrorKind::not_now : ErrorKind::other;
}

std::string_view without_our_words(std::string_view error) noexcept {
    return error.substr(0, error.find(", with args beginning with"));
}

Execution execution_of(ErrorKind kind) noexcept {
    return kind == ErrorKind::other ? Execution::refused : Execution::not_executed;
}

}  // namespace tollgate::redis
