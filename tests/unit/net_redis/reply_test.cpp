#include "net/redis/reply.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using namespace tollgate::redis;

namespace {

struct Outcome {
    bool readable = false;
    Reply reply;
};

Outcome read(std::string_view bytes) {
    const Reader reader = make_reader();
    redisReaderFeed(reader.get(), bytes.data(), bytes.size());
    void* reply = nullptr;
    const bool readable = redisReaderGetReply(reader.get(), &reply) == REDIS_OK;
    return {readable, Reply(static_cast<redisReply*>(reply))};
}

}  // namespace

TEST_CASE("a server that claims an array of two thousand million elements is not believed") {
    CHECK_FALSE(read("*2147483647\r\n").readable);
    CHECK_FALSE(read("*" + std::to_string(array_elements_max + 1) + "\r\n").readable);
    CHECK_FALSE(read("*1\r\n*2147483647\r\n").readable);
}

TEST_CASE("an array of as many elements as are taken is read whole") {
    std::string bytes = "*" + std::to_string(array_elements_max) + "\r\n";
    for (int i = 0; i < array_elements_max; ++i) bytes += ":7\r\n";
    const Outcome outcome = read(bytes);
    REQUIRE(outcome.readable);
    CHECK(outcome.reply.size() == array_elements_max);
    CHECK(outcome.reply[array_elements_max - 1].integer() == 7);
}
