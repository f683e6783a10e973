#include "net/answer_reader.hpp"

#include "gateway/retry_after.hpp"

namespace tollgate {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::size_t piece = 4 * 1024;
constexpr std::size_t unread_max = 64 * 1024;
constexpr std::size_t overhead_max = 2 * AnswerReader::body_max;  // chunk sizes, extensions, trailers, interim answers
constexpr int interim_max = 8;
constexpr std::size_t last_chunk_min = 5;  // bytes of `0 CR LF CR LF`

}  // namespace

AnswerReader::AnswerReader() : buffer_(unread_max) {
    start_message();
}

void AnswerReader::restart() {
    buffer_.clear();
    if (buffer_.capacity() > piece) buffer_.shrink_to_fit();
    seen_ = 0;
    interim_ = 0;
    begun_ = false;
    trouble_ = {};
    start_message();
}

void AnswerReader::start_message() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(head_max);
    parser_->body_limit(body_max);
    head_seen_ = 0;
}

std::span<char> AnswerReader::space() {
    const auto room = buffer_.prepare(std::min(piece, buffer_.max_size() - buffer_.size()));
    return {static_cast<char*>(room.data()), room.size()};
}

void AnswerReader::take_in(std::size_t count) {
    buffer_.commit(count);
    seen_ += count;
    if (count > 0) begun_ = true;
}

AnswerReader::State AnswerReader::unreadable(std::string_view why) {
    trouble_ = why;
    return State::unreadable;
}

/// Beast lets pass a transfer coding it does not know, one on HTTP/1.0, and a repeated length; each leaves a doubt about
/// the end of the answer (RFC 9112 section 6.3).
bool AnswerReader::framing_is_plain() const {
    const auto& head = parser_->get();
    const auto lengths = head.count(http::field::content_length);
    const auto codings = head.count(http::field::transfer_encoding);
    if (codings == 0) return lengths <= 1 && head[http::field::content_length].find(',') == std::string_view::npos;
    return codings == 1 && lengths == 0 && head.version() == 11 &&
           beast::iequals(head[http::field::transfer_encoding], "chunked");
}

/// Told from the first bytes, so that another protocol's few bytes and an early end do not pass for half an answer.
bool AnswerReader::begins_like_http() const {
    constexpr std::string_view version = "HTTP/1.";
    const auto data = buffer_.data();
    const std::string_view unread(static_cast<const char*>(data.data()), data.size());
    const std::size_t known = std::min(version.size(), unread.size());
    return unread.substr(0, known) == version.substr(0, known);
}

AnswerReader::State AnswerReader::read() {
    while (true) {
        if (buffer_.size() == 0) return State::more;
        if (head_seen_ == 0 && !begins_like_http()) return unreadable("it is not HTTP/1.1");
        const bool in_head = !parser_->is_header_done();
        // Beast 1.81 asserts when a last chunk comes in smaller pieces. No chunked body ends with fewer bytes than these.
        if (!in_head && parser_->chunked() && buffer_.size() < last_chunk_min) return State::more;
        beast::error_code error;
        const std::size_t used = parser_->put(buffer_.data(), error);
        buffer_.consume(used);
        if (in_head) head_seen_ += used;

        if (parser_->is_header_done()) {
            if (in_head && !framing_is_plain()) return unreadable("its length can be read in more than one way");
            if (parser_->get().result_int() < 100) return unreadable("its status is below 100");
        } else if (head_seen_ + buffer_.size() > head_max) {
            return unreadable("its head is larger than 16 KiB");
        }
        if (error == http::error::body_limit) return unreadable("its body is larger than 1 MiB");
        if (error && error != http::error::need_more) return unreadable("it is not HTTP/1.1");
        if (seen_ > body_max + overhead_max || buffer_.size() >= unread_max) return unreadable("it is too long for its body");

        if (parser_->is_done()) {
            const unsigned status = parser_->get().result_int();
            if (status >= 200) return State::whole;
            if (status == 101) return unreadable("it switches protocols unasked");
            if (++interim_ > interim_max) return unreadable("too many interim answers came before it");
            start_message();
            continue;
        }
        if (error == http::error::need_more || used == 0) return State::more;
    }
}

AnswerReader::State AnswerReader::end() {
    if (!begun_ || !parser_->got_some()) return State::more;
    beast::error_code error;
    parser_->put_eof(error);
    return error ? State::more : State::whole;
}

bool AnswerReader::keeps_connection() const {
    return parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0;
}

OutboundReply AnswerReader::take(WallTime now) {
    auto message = parser_->release();
    OutboundReply reply;
    reply.status = static_cast<int>(message.result_int());
    if (const auto wait = message.find(http::field::retry_after); wait != message.end())
        reply.retry_after = parse_retry_after(std::string_view(wait->value().data(), wait->value().size()), now);
    if (const auto again = message.find("Stripe-Should-Retry"); again != message.end()) {
        if (again->value() == "true") reply.should_retry = true;
        if (again->value() == "false") reply.should_retry = false;
    }
    reply.body = std::move(message.body());
    return reply;
}

}  // namespace tollgate
