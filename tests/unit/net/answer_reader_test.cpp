#include "net/answer_reader.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

using namespace tollgate;
using State = AnswerReader::State;

namespace {

/// Fed in pieces of so many bytes.
State feed(AnswerReader& reader, std::string_view bytes, std::size_t piece) {
    State state = State::more;
    while (!bytes.empty() && state == State::more) {
        const auto space = reader.space();
        const std::size_t count = std::min({piece, bytes.size(), space.size()});
        std::memcpy(space.data(), bytes.data(), count);
        reader.take_in(count);
        bytes.remove_prefix(count);
        state = reader.read();
    }
    return state;
}

State read_all(std::string_view bytes, std::size_t piece = 100'000) {
    AnswerReader reader;
    return feed(reader, bytes, piece);
}

}  // namespace

TEST_CASE("an answer is the same in whatever pieces it arrives") {
    const std::size_t piece = GENERATE(1u, 2u, 3u, 7u, 64u, 100'000u);
    const std::string_view answer = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nRetry-After: 3\r\n\r\n{\"a\":1}",
                                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nRetry-After: 3\r\n\r\n"
                                             "3;ext=1\r\n{\"a\r\n4\r\n\":1}\r\n0\r\nTrailer: x\r\n\r\n",
                                             "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                                             "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nRetry-After: 3\r\n\r\n{\"a\":1}");
    AnswerReader reader;
    REQUIRE(feed(reader, answer, piece) == State::whole);
    CHECK(reader.keeps_connection());
    const auto reply = reader.take(WallTime{});
    CHECK(reply.status == 200);
    CHECK(reply.body == "{\"a\":1}");
    CHECK(reply.retry_after == Milliseconds(3000));
}

TEST_CASE("whether Stripe wants to be asked again is told where it says so in its two words, and else not") {
    const auto told = [](const std::string& headers) {
        AnswerReader reader;
        REQUIRE(feed(reader, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n" + headers + "\r\n", 100'000) == State::whole);
        return reader.take(WallTime{}).should_retry;
    };
    CHECK(told("Stripe-Should-Retry: true\r\n") == true);
    CHECK(told("stripe-should-retry:false\r\n") == false);
    CHECK(told("Stripe-Should-Retry: maybe\r\n") == std::nullopt);
    CHECK(told("") == std::nullopt);
}

TEST_CASE("the last chunk may come byte by byte") {
    const std::size_t piece = GENERATE(1u, 2u, 3u, 4u, 5u);
    const std::string_view chunks = GENERATE("0\r\n\r\n", "000;x=y\r\nT: v\r\n\r\n", "1\r\na\r\n0\r\n\r\n");
    AnswerReader reader;
    REQUIRE(feed(reader, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 100) == State::more);
    REQUIRE(feed(reader, chunks, piece) == State::whole);
    CHECK(reader.take(WallTime{}).body == (chunks.starts_with('1') ? "a" : ""));
}

TEST_CASE("an answer whose end is in doubt is unreadable") {
    const std::string_view headers = GENERATE(
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2, 2\r\n",
        "Content-Length: +2\r\n", "Content-Length: 0x2\r\n", "Content-Length: -2\r\n", "Content-Length: \r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Content-Length : 2\r\n");
    CHECK(read_all("HTTP/1.1 200 OK\r\n" + std::string(headers) + "\r\n{}") == State::unreadable);
}

TEST_CASE("chunks on HTTP/1.0 and broken chunk sizes are unreadable") {
    CHECK(read_all("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n") == State::unreadable);
    CHECK(read_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n") == State::unreadable);
    CHECK(read_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n") == State::unreadable);
}

TEST_CASE("what is no HTTP is unreadable") {
    CHECK(read_all("garbage garbage garbage\r\n\r\n") == State::unreadable);
    CHECK(read_all("SSH-2.0-OpenSSH_9.2p1\r\n") == State::unreadable);
    CHECK(read_all("HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}") == State::unreadable);
    CHECK(read_all("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n") == State::unreadable);
    CHECK(read_all(std::string("\x15\x03\x01\x00\x02\x02\x46", 7)) == State::unreadable);
}

TEST_CASE("what is no HTTP is told from its first bytes, in whatever pieces they arrive") {
    const std::size_t piece = GENERATE(1u, 3u, 100u);
    CHECK(read_all("HELO this ends no line", piece) == State::unreadable);
    CHECK(read_all("HTTP/1.1 100 Continue\r\n\r\nHTTP/2 ends no line", piece) == State::unreadable);
}

TEST_CASE("an answer is bounded: head, body, chunk decoration and interim answers") {
    std::string many_headers = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 2000; ++i) many_headers += "X-Filler-" + std::to_string(i) + ": yes\r\n";
    CHECK(read_all(many_headers, 500) == State::unreadable);
    CHECK(read_all("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x'), 1000) == State::unreadable);
    CHECK(read_all("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n") == State::unreadable);
    CHECK(read_all("HTTP/1.1 200 OK\r\n\r\n" + std::string(1'100'000, 'x')) == State::unreadable);
    CHECK(read_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'x')) == State::unreadable);
    std::string interim;
    for (int i = 0; i < 20; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
    CHECK(read_all(interim) == State::unreadable);
    CHECK(read_all("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + std::string(1'048'576, 'x')) == State::whole);
}

TEST_CASE("an answer without a length ends with the connection, which is then not kept") {
    AnswerReader reader;
    REQUIRE(feed(reader, "HTTP/1.1 200 OK\r\n\r\n{}", 5) == State::more);
    REQUIRE(reader.end() == State::whole);
    CHECK_FALSE(reader.keeps_connection());
    CHECK(reader.take(WallTime{}).body == "{}");
}

TEST_CASE("an end before the whole answer is no answer") {
    AnswerReader nothing;
    CHECK(nothing.end() == State::more);
    AnswerReader part;
    REQUIRE(feed(part, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", 100) == State::more);
    CHECK(part.end() == State::more);
}

TEST_CASE("a reader that begins anew knows nothing of the last answer, however that ended") {
    AnswerReader reader;
    REQUIRE(feed(reader,
                 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + std::string(70'000, 'x'),
                 1000) == State::more);
    reader.restart();
    CHECK_FALSE(reader.begun());
    CHECK(reader.trouble().empty());
    REQUIRE(feed(reader, "no answer at all", 3) == State::unreadable);
    reader.restart();
    CHECK(reader.trouble().empty());
    REQUIRE(feed(reader, "HTTP/1.1 402 Payment Required\r\nContent-Length: 2\r\n\r\n{}", 7) == State::whole);
    CHECK(reader.keeps_connection());
    const auto reply = reader.take(WallTime{});
    CHECK(reply.status == 402);
    CHECK(reply.body == "{}");
}
