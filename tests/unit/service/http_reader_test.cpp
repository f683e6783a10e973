#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "service/http/reader.hpp"

using namespace tollgate;
using namespace tollgate::http;

namespace {

/// What a connection's bytes come to, as text, when they arrive in pieces of the given sizes (the last one repeats).
std::string read_all(std::string_view bytes, const std::vector<std::size_t>& pieces, const Limits& limits) {
    RequestReader reader(limits);
    std::string story;
    std::size_t piece = 0;
    const auto feed = [&] {
        if (bytes.empty()) return false;
        const std::span<char> space = reader.space();
        const std::size_t size = std::min({space.size(), bytes.size(), pieces[std::min(piece++, pieces.size() - 1)]});
        std::memcpy(space.data(), bytes.data(), size);
        bytes.remove_prefix(size);
        reader.received(size);
        return true;
    };
    const auto finish = [&](auto step) {
        for (;;) {
            const RequestReader::Step outcome = step();
            if (outcome == RequestReader::Step::ready) return true;
            if (outcome == RequestReader::Step::failed) {
                story += "failed " + std::string(info(reader.error().code).name);
                return false;
            }
            if (!feed()) {
                story += "wants more";
                return false;
            }
        }
    };
    while (finish([&] { return reader.head(); }) && finish([&] { return reader.body(); })) {
        const Head& head = reader.request();
        story += std::string(head.method) + " " + std::string(head.path) + " ? " + std::string(head.query);
        for (const Header& header : head.headers) story += " | " + std::string(header.name) + "=" + std::string(header.value);
        story += " [" + std::string(reader.body_bytes()) + "]\n";
        reader.next();
    }
    return story;
}

std::string chunked(std::string_view chunks) {
    return "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

std::string with_body(std::size_t size) {
    return "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'b');
}

}  // namespace

TEST_CASE("requests read the same however their bytes are cut") {
    const Limits limits;
    const std::vector<std::string> connections = {
        "GET /a?b=c HTTP/1.1\r\nHost: h\r\nA:  b \t\r\nEmpty:\r\n\r\n" + with_body(5) + "\r\nGET /d HTTP/1.0\r\n\r\n",
        chunked("3\r\nabc\r\n10;x=\"y\"\r\n0123456789abcdef\r\n0\r\nT: v\r\n\r\n") + with_body(3'000) + chunked("0\r\n\r\n"),
        with_body(3'900) + with_body(4'096) + with_body(5'000) + with_body(20'000) + "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(9'000, 'x') + "\r\n\r\n" + chunked("0\r\n\r\n") + with_body(9'000),
        with_body(2) + chunked("2\r\nab0\r\n\r\n"),
        chunked("2\r\nab\r\n0\r\nHost: h\r\n\r\n"),
        with_body(2) + "GET / HTTP/1.1\nHost: h\r\n\r\n",
        with_body(2) + "GET / HTTP/1.1\r\nHost: h\r\n b\r\n\r\n",
        with_body(300'000),
        "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(17'000, 'x') + "\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nshort",
        chunked("5\r\nab"),
        with_body(2) + std::string(33, 'M') + " / HTTP/1.1\r\nHost: h\r\n\r\n" + with_body(2),
    };
    std::mt19937 random(20'261'122);
    for (const std::string& bytes : connections) {
        CAPTURE(bytes.substr(0, 80));
        const std::string whole = read_all(bytes, {bytes.size()}, limits);
        CHECK(read_all(bytes, {1}, limits) == whole);
        for (int round = 0; round < 50; ++round) {
            std::vector<std::size_t> pieces;
            for (int i = 0; i < 200; ++i) pieces.push_back(1 + random() % (round < 25 ? 7U : 3'000U));
            CHECK(read_all(bytes, pieces, limits) == whole);
        }
    }
}

TEST_CASE("a reader tells requests apart by their framing alone") {
    const Limits limits;
    CHECK(read_all(with_body(1) + chunked("2\r\nab\r\n0\r\n\r\n") + "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", {10'000}, limits) ==
          "POST /b ?  | Host=h | Content-Length=1 [b]\n"
          "POST /c ?  | Host=h | Transfer-Encoding=chunked [ab]\n"
          "GET /x ?  | Host=h []\n"
          "wants more");
    CHECK(read_all(with_body(262'144), {10'000}, limits).ends_with("b]\nwants more"));
    CHECK(read_all(with_body(262'145), {10'000}, limits) == "failed body_too_large");
}

TEST_CASE("what a request held is overwritten once it is answered, and the next one is not") {
    const std::string secret = "4242424242424242";
    const std::string head = "POST /charge HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + secret + "\r\n";
    const std::string next = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";
    for (const std::string& request : {head + "Content-Length: 18\r\n\r\n\"" + secret + "\"",
                                       head + "Transfer-Encoding: chunked\r\n\r\n12\r\n\"" + secret + "\"\r\n0\r\n\r\n"}) {
        for (const std::string& behind : {std::string(), next}) {
            const Limits limits;
            RequestReader reader(limits);
            const std::span<char> room = reader.space();
            const std::string wire = request + behind;
            std::ranges::copy(wire, room.begin());
            reader.received(wire.size());
            REQUIRE(reader.head() == RequestReader::Step::ready);
            REQUIRE(reader.body() == RequestReader::Step::ready);
            REQUIRE(reader.body_bytes() == "\"" + secret + "\"");
            reader.next();
            CHECK(std::string_view(room.data(), room.size()).find("42424242") == std::string_view::npos);
            if (behind.empty()) continue;
            REQUIRE(reader.head() == RequestReader::Step::ready);
            CHECK(reader.request().path == "/next");
        }
    }
}

TEST_CASE("no bytes at random make a reader misbehave") {
    Limits limits;
    limits.max_body = 500;
    std::mt19937 random(7);
    const std::vector<std::string> seeds = {"GET /a?b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n", with_body(20),
                                            chunked("3\r\nabc\r\n0\r\nT: v\r\n\r\n")};
    const std::string spice("\r\n\t :;,0aF\0\x7f\xff", 14);
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes;
        for (int i = 0; i < 2; ++i) bytes += seeds[random() % seeds.size()];
        for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
            const std::size_t at = random() % bytes.size();
            if (random() % 2 == 0)
                bytes[at] = spice[random() % spice.size()];
            else
                bytes.insert(at, 1, spice[random() % spice.size()]);
        }
        const std::string whole = read_all(bytes, {bytes.size()}, limits);
        REQUIRE(read_all(bytes, {1 + random() % 9}, limits) == whole);
    }
}
