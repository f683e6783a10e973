#include "service/http/reader.hpp"

#include <algorithm>
#include <cstring>

#include "service/http/text.hpp"

namespace tollgate::http {
namespace {

constexpr std::size_t capacity_first = 4'096;
constexpr std::size_t room_min = 512;         // less than this is not worth a read
constexpr std::size_t room_for_body = 2'048;  // behind a head
constexpr std::size_t kept_max = 65'536;      // a larger body's memory is given back
constexpr std::size_t empty_lines_max = 2;    // before a request line (RFC 9112 section 2.2 asks for one at least)
constexpr std::size_t method_max = 32;

bool has_endless_method(std::string_view head) noexcept {
    return head.size() > method_max && head.substr(0, method_max + 1).find(' ') == std::string_view::npos;
}

PaymentError no_http() {
    return {Code::bad_request, "This is no HTTP request."};
}

}  // namespace

RequestReader::~RequestReader() {
    begin_ = size_ = 0;
    wipe();
}

void RequestReader::grow(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    if (used_ > 0) OPENSSL_cleanse(data_.get(), used_);
    used_ = size_;
    data_ = std::move(larger);
    capacity_ = capacity;
}

void RequestReader::wipe() noexcept {
    if (begin_ > 0) OPENSSL_cleanse(data_.get(), begin_);
    if (used_ > size_) OPENSSL_cleanse(data_.get() + size_, used_ - size_);
    used_ = size_;
    OPENSSL_cleanse(body_.data(), body_.size());
}

std::span<char> RequestReader::space() {
    if (end_ != 0) {
        if (head_.framing == Framing::chunked) {
            if (chunk_at_ == size_) chunk_at_ = size_ = end_;
            return {data_.get() + size_, capacity_ - size_};
        }
        if (end_ + head_.length <= capacity_) return {data_.get() + size_, capacity_ - size_};
        // Grows as bytes arrive: a length that is only claimed costs nothing.
        const std::size_t left = static_cast<std::size_t>(head_.length) - body_filled_;
        body_.resize(body_filled_ + std::min(left, std::max<std::size_t>(body_filled_, 16'384)));
        return {body_.data() + body_filled_, body_.size() - body_filled_};
    }
    if (capacity_ - size_ < room_min && begin_ > 0) {
        std::memmove(data_.get(), data_.get() + begin_, size_ - begin_);
        size_ -= begin_;
        line_ -= begin_;
        scan_ -= begin_;
        begin_ = 0;
    }
    if (capacity_ - size_ < room_min) grow(std::max(capacity_first, capacity_ * 2));
    return {data_.get() + size_, capacity_ - size_};
}

void RequestReader::received(std::size_t count) {
    const bool into_body = end_ != 0 && head_.framing == Framing::length && end_ + head_.length > capacity_;
    (into_body ? body_filled_ : size_) += count;
    used_ = std::max(used_, size_);
}

RequestReader::Step RequestReader::failed(PaymentError error) {
    error_ = std::move(error);
    return Step::failed;
}

RequestReader::Step RequestReader::find_end() {
    while (scan_ < size_) {
        const void* const found = std::memchr(data_.get() + scan_, '\n', size_ - scan_);
        if (found == nullptr) {
            scan_ = size_;
            return Step::more;
        }
        const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - data_.get());
        if (at == line_ || data_[at - 1] != '\r')
            return failed({Code::bad_request, "Every line of the head must end with CR LF."});
        const bool empty = at == line_ + 1;
        scan_ = line_ = at + 1;
        if (!empty) continue;
        if (at - 1 != begin_) return Step::ready;
        if (++empty_lines_ > empty_lines_max)
            return failed({Code::bad_request, "Too many empty lines stand before the request."});
        begin_ = scan_;
    }
    return Step::more;
}

RequestReader::Step RequestReader::check_unfinished() {
    const std::string_view so_far(data_.get() + begin_, size_ - begin_);
    if (so_far.empty()) return Step::more;
    if ((!is_token_char(so_far.front()) && so_far.front() != '\r') || has_endless_method(so_far)) return failed(no_http());
    const bool in_request_line = line_ == begin_;
    if (in_request_line && so_far.size() > limits_.max_target + 2 * method_max)
        return failed({Code::uri_too_long, "The request target is longer than is taken here."});
    if (so_far.size() >= limits_.max_head)
        return failed({Code::headers_too_large, "The head of the request is longer than is taken here."});
    return Step::more;
}

RequestReader::Step RequestReader::head() {
    const Step step = find_end();
    if (step == Step::more) return check_unfinished();
    if (step == Step::failed) return step;
    const std::size_t length = scan_ - begin_;
    if (length > limits_.max_head)
        return failed({Code::headers_too_large, "The head of the request is longer than is taken here."});
    if (capacity_ < scan_ + room_for_body) grow(scan_ + room_for_body);  // now, for views into it come next
    const std::string_view raw(data_.get() + begin_, length);
    if (has_endless_method(raw)) return failed(no_http());  // the same in one piece as in many
    if (auto parsed = parse_head(raw, limits_, head_); !parsed) return failed(parsed.error());
    end_ = scan_;
    if (head_.framing == Framing::chunked) {
        chunked_.emplace(limits_.max_body);
        chunk_at_ = end_;
    }
    return Step::ready;
}

bool RequestReader::body_is_here() const noexcept {
    if (whole_ || head_.framing == Framing::none) return true;
    return head_.framing == Framing::length && head_.length <= size_ - end_;  // no sum: a claimed length may be any number
}

RequestReader::Step RequestReader::body() {
    whole_ = false;
    if (head_.framing == Framing::chunked) return read_chunked();
    if (head_.framing == Framing::length && head_.length > limits_.max_body)
        return failed({Code::body_too_large, "The body is longer than is taken here."});

    const auto length = static_cast<std::size_t>(head_.length);  // 0 without a body
    if (end_ + length <= capacity_) {
        if (size_ < end_ + length) return Step::more;
        body_view_ = {data_.get() + end_, length};
    } else {
        if (body_filled_ == 0 && size_ > end_) {
            body_.assign(data_.get() + end_, size_ - end_);
            body_filled_ = body_.size();
            size_ = end_;
        }
        if (body_filled_ < length) return Step::more;
        body_view_ = {body_.data(), length};
    }
    whole_ = true;
    return Step::ready;
}

RequestReader::Step RequestReader::read_chunked() {
    const auto used = chunked_->feed({data_.get() + chunk_at_, size_ - chunk_at_}, body_);
    if (!used) return failed(used.error());
    chunk_at_ += *used;
    if (!chunked_->done()) return Step::more;
    body_view_ = body_;
    whole_ = true;
    return Step::ready;
}

void RequestReader::next() {
    if (head_.framing == Framing::chunked)
        begin_ = chunk_at_;
    else
        begin_ = body_filled_ > 0 ? size_ : end_ + static_cast<std::size_t>(head_.length);
    if (begin_ == size_) begin_ = size_ = 0;
    wipe();
    if (size_ == 0 && capacity_ > capacity_first) {
        data_.reset();
        capacity_ = 0;
    }
    line_ = scan_ = begin_;
    end_ = empty_lines_ = body_filled_ = 0;
    body_.clear();
    if (body_.capacity() > kept_max) body_.shrink_to_fit();
    body_view_ = {};
    chunked_.reset();
    whole_ = false;
}

}  // namespace tollgate::http
