#include "net/redis/slot_table.hpp"

#include <catch2/catch.hpp>

using namespace tollgate::redis;

namespace {

const Address asked{"10.0.0.1", 7000};

/// A reply as hiredis reads it from the wire.
Reply read(std::string_view wire) {
    redisReader* const reader = redisReaderCreate();
    redisReaderFeed(reader, wire.data(), wire.size());
    void* reply = nullptr;
    REQUIRE(redisReaderGetReply(reader, &reply) == REDIS_OK);
    redisReaderFree(reader);
    REQUIRE(reply != nullptr);
    return Reply(static_cast<redisReply*>(reply));
}

std::string text(std::string_view word) {
    return "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
}

std::string node(const std::string& host, int port) {
    return "*3\r\n" + host + ":" + std::to_string(port) + "\r\n" + text("id");
}

std::string range(int first, int last, const std::vector<std::string>& nodes) {
    std::string wire =
        "*" + std::to_string(2 + nodes.size()) + "\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n";
    for (const std::string& one : nodes) wire += one;
    return wire;
}

std::expected<SlotTable, std::string> table(const std::vector<std::string>& ranges) {
    std::string wire = "*" + std::to_string(ranges.size()) + "\r\n";
    for (const std::string& one : ranges) wire += one;
    return SlotTable::from(read(wire), asked);
}

}  // namespace

TEST_CASE("a slot table names the master of each slot and nobody for the rest") {
    const auto slots = table({range(0, 99, {node(text("10.0.0.1"), 7000), node(text("10.0.0.4"), 7003)}),
                              range(200, 200, {node(text("10.0.0.2"), 7001)})});
    REQUIRE(slots);
    REQUIRE(slots->master_of(0) != nullptr);
    CHECK(*slots->master_of(0) == Address{"10.0.0.1", 7000});
    CHECK(*slots->master_of(99) == Address{"10.0.0.1", 7000});
    CHECK(slots->master_of(100) == nullptr);
    CHECK(*slots->master_of(200) == Address{"10.0.0.2", 7001});
    CHECK(slots->master_of(16384) == nullptr);
    CHECK(slots->a_slot_of_each_master() == std::vector<std::uint16_t>{0, 200});
    CHECK(slots->nodes().size() == 3);
}

TEST_CASE("a node without a host is reached where the table was asked for") {
    const auto slots =
        table({range(0, 0, {node(text(""), 7001)}), range(1, 1, {node("$-1\r\n", 7002)}), range(2, 2, {node(text("?"), 7003)}),
               range(3, 3, {"*4\r\n" + text("?") + ":7004\r\n" + text("id") + "*2\r\n" + text("ip") + text("10.0.0.9")})});
    REQUIRE(slots);
    CHECK(*slots->master_of(0) == Address{"10.0.0.1", 7001});
    CHECK(*slots->master_of(1) == Address{"10.0.0.1", 7002});
    CHECK(*slots->master_of(2) == Address{"10.0.0.1", 7003});
    CHECK(*slots->master_of(3) == Address{"10.0.0.9", 7004});
}

TEST_CASE("a slot that moved has its new master and the others keep theirs") {
    auto slots = table({range(0, 16383, {node(text("10.0.0.1"), 7000)})});
    REQUIRE(slots);
    slots->move(5, {"10.0.0.3", 7002});
    CHECK(*slots->master_of(5) == Address{"10.0.0.3", 7002});
    CHECK(*slots->master_of(4) == Address{"10.0.0.1", 7000});
    CHECK(slots->a_slot_of_each_master() == std::vector<std::uint16_t>{0, 5});
}

TEST_CASE("what is no slot table is refused") {
    const std::string good = node(text("10.0.0.1"), 7000);
    CHECK_FALSE(SlotTable::from(read("+OK\r\n"), asked));
    CHECK_FALSE(SlotTable::from(read("-ERR This instance has cluster support disabled\r\n"), asked));
    CHECK_FALSE(SlotTable::from(read("*0\r\n"), asked));
    CHECK_FALSE(table({text("0-100")}));
    CHECK_FALSE(table({range(0, 1, {})}));
    CHECK_FALSE(table({range(2, 1, {good})}));
    CHECK_FALSE(table({range(-1, 1, {good})}));
    CHECK_FALSE(table({range(0, 16384, {good})}));
    CHECK_FALSE(table({range(0, 1, {node(text("10.0.0.1"), 0)})}));
    CHECK_FALSE(table({range(0, 1, {node(text("10.0.0.1"), 65536)})}));
    CHECK_FALSE(table({range(0, 1, {node(text(std::string(256, 'h')), 7000)})}));
    CHECK_FALSE(table({range(0, 1, {text("10.0.0.1:7000")})}));
    CHECK(table({range(0, 1, {good})}));
}

TEST_CASE("a slot table of too many nodes is refused") {
    std::vector<std::string> ranges;
    for (int i = 0; i < 1024; ++i) ranges.push_back(range(i, i, {node(text("10.0.0.1"), 1 + i)}));
    CHECK(table(ranges));
    ranges.push_back(range(2000, 2000, {node(text("10.0.0.2"), 1)}));
    CHECK_FALSE(table(ranges));
}

TEST_CASE("moved and ask say where a command goes") {
    CHECK(redirect_from("MOVED 3999 10.0.0.7:6381", asked) == Redirect{false, 3999, {"10.0.0.7", 6381}});
    CHECK(redirect_from("ASK 0 redis-3.local:6379", asked) == Redirect{true, 0, {"redis-3.local", 6379}});
    CHECK(redirect_from("MOVED 16383 :6381", asked) == Redirect{false, 16383, {"10.0.0.1", 6381}});
    CHECK(redirect_from("MOVED 1 2001:db8::7:6381", asked) == Redirect{false, 1, {"2001:db8::7", 6381}});
}

TEST_CASE("a redirection that cannot be read is none") {
    for (const char* const error :
         {"", "MOVED", "MOVED ", "MOVED 1", "MOVED 1 ", "MOVED x 10.0.0.7:1", "MOVED 16384 10.0.0.7:1", "MOVED -1 10.0.0.7:1",
          "MOVED 1 10.0.0.7", "MOVED 1 10.0.0.7:", "MOVED 1 10.0.0.7:0", "MOVED 1 10.0.0.7:65536", "MOVED 1 10.0.0.7:1x",
          "TRYAGAIN 1 10.0.0.7:1", "ERR MOVED 1 10.0.0.7:1"}) {
        INFO(error);
        CHECK_FALSE(redirect_from(error, asked));
    }
}
