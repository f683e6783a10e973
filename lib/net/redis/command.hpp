#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace tollgate::redis {

/// A command in the bytes of the protocol (RESP2, https://redis.io/docs/reference/protocol-spec). Words may hold any bytes.
class Command {
public:
    Command(std::initializer_list<std::string_view> words) : Command(std::span(words.begin(), words.size())) {}
    explicit Command(std::span<const std::string_view> words);

    [[nodiscard]] const std::string& wire() const noexcept { return wire_; }

private:
    std::string wire_;
};

/// A Lua script that is known to the server by the SHA-1 of its text.
class Script {
public:
    Script(std::string name, std::string source);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& source() const noexcept { return source_; }
    [[nodiscard]] const std::string& sha1() const noexcept { return sha1_; }

    /// EVALSHA with these keys and arguments.
    [[nodiscard]] Command call(std::span<const std::string_view> keys, std::span<const std::string_view> arguments) const;
    /// SCRIPT LOAD.
    [[nodiscard]] Command load() const { return {"SCRIPT", "LOAD", source_}; }

private:
    std::string name_;
    std::string source_;
    std::string sha1_;
};

/// Of 16384, by CRC16 of the key's hash tag, the part between the first "{" and the next "}", or of the whole key
/// (https://redis.io/docs/reference/cluster-spec).
[[nodiscard]] std::uint16_t slot_of(std::string_view key) noexcept;

}  // namespace tollgate::redis
