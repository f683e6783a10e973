#include "net/redis/reply.hpp"

#include <charconv>
#include <cstdlib>

namespace tollgate::redis {

std::int64_t ReplyView::integer() const noexcept {
    if (reply_ == nullptr) return 0;
    if (reply_->type == REDIS_REPLY_INTEGER) return reply_->integer;
    std::int64_t number = 0;
    const std::string_view digits = text();
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

std::string_view ReplyView::text() const noexcept {
    if (reply_ == nullptr) return {};
    switch (reply_->type) {
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
        case REDIS_REPLY_ERROR:
            return {reply_->str, reply_->len};
        default:
            return {};
    }
}

Reader make_reader() {
    Reader reader(redisReaderCreate());
    if (!reader) std::abort();  // no memory
    // What makes replies is hiredis' own, but for arrays.
    static const redisReplyObjectFunctions theirs = *reader->fn;
    static redisReplyObjectFunctions bounded = [] {
        redisReplyObjectFunctions all = theirs;
        all.createArray = [](const redisReadTask* task, int elements) -> void* {
            return elements <= array_elements_max ? theirs.createArray(task, elements) : nullptr;
        };
        return all;
    }();
    reader->fn = &bounded;
    return reader;
}

}  // namespace tollgate::redis
