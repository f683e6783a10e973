#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/exchange.hpp"

namespace tollgate {

/// Makes one answer out of the bytes of a connection (RFC 9112), whatever pieces they come in, and decides whether it can
/// be believed: no doubt is left about where it ends, or it is unreadable. Does no I/O itself.
class AnswerReader {
public:
    static constexpr std::size_t head_max = 16 * 1024;
    static constexpr std::size_t body_max = 1024 * 1024;

    enum class State : std::uint8_t { more, whole, unreadable };

    AnswerReader();

    /// Forgets the last answer and begins a new one, in the memory it has.
    void restart();

    /// Where the next bytes go, and how many came.
    [[nodiscard]] std::span<char> space();
    void take_in(std::size_t count);

    /// What stands after the bytes so far.
    [[nodiscard]] State read();

    /// The same when no more will come: whole for an answer that its end delimits, else `more`.
    [[nodiscard]] State end();

    /// Why it is unreadable; for people, quotes nothing.
    [[nodiscard]] std::string_view trouble() const noexcept { return trouble_; }

    /// Whether any byte of an answer has come.
    [[nodiscard]] bool begun() const noexcept { return begun_; }

    /// Whether the connection can carry another exchange after this whole answer.
    [[nodiscard]] bool keeps_connection() const;

    /// The whole answer; `now` turns a Retry-After date into a wait. Once.
    [[nodiscard]] OutboundReply take(WallTime now);

private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

    void start_message();
    State unreadable(std::string_view why);
    [[nodiscard]] bool begins_like_http() const;
    [[nodiscard]] bool framing_is_plain() const;

    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::size_t head_seen_ = 0;
    std::size_t seen_ = 0;
    int interim_ = 0;
    bool begun_ = false;
    std::string_view trouble_;
};

}  // namespace tollgate
