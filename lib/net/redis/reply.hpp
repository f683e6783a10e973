#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace tollgate::redis {

/// One reply, or one element of an array, as hiredis has read it. Borrowed from its Reply. Asked for what it is not, it
/// answers with the empty value, so that a server that answers nonsense cannot do more than that.
class ReplyView {
public:
    explicit ReplyView(const redisReply* reply) noexcept : reply_(reply) {}

    [[nodiscard]] bool is_nil() const noexcept { return reply_ == nullptr || reply_->type == REDIS_REPLY_NIL; }
    [[nodiscard]] bool is_error() const noexcept { return reply_ != nullptr && reply_->type == REDIS_REPLY_ERROR; }
    [[nodiscard]] bool is_array() const noexcept { return reply_ != nullptr && reply_->type == REDIS_REPLY_ARRAY; }

    /// Of an integer, or of a text that is one; 0 otherwise.
    [[nodiscard]] std::int64_t integer() const noexcept;
    /// Of a string, a status or an error; empty otherwise.
    [[nodiscard]] std::string_view text() const noexcept;
    /// Elements of an array; 0 otherwise.
    [[nodiscard]] std::size_t size() const noexcept { return is_array() ? reply_->elements : 0; }
    /// An element; a nil beyond the end.
    [[nodiscard]] ReplyView operator[](std::size_t index) const noexcept {
        return ReplyView(index < size() ? reply_->element[index] : nullptr);
    }

private:
    const redisReply* reply_;
};

/// A reply and the memory of it.
class Reply : public ReplyView {
public:
    /// Takes over what `redisReaderGetReply` gave out.
    explicit Reply(redisReply* owned = nullptr) noexcept : ReplyView(owned), owned_(owned) {}

private:
    struct Free {
        void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
    };
    std::unique_ptr<redisReply, Free> owned_;
};

/// Elements that an array of a reply may have. Ours come nowhere near it, but hiredis makes room for as many as a server
/// claims before the first of them has come: eleven bytes could ask for 16 GiB.
inline constexpr int array_elements_max = 1 << 16;

struct FreeReader {
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
};
using Reader = std::unique_ptr<redisReader, FreeReader>;

/// Makes replies out of bytes, for `redisReaderGetReply`; a longer array is an error of it.
[[nodiscard]] Reader make_reader();

}  // namespace tollgate::redis
