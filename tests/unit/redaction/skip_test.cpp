// The quick look at 64 bytes beside a slow one at every byte.
#include "redaction/skip.hpp"

#include <catch2/catch.hpp>
#include <ctime>
#include <random>
#include <string>

#include "redaction/block.hpp"
#include "redaction/card_number.hpp"
#include "redaction/redact.hpp"

using namespace tollgate;

namespace {

std::string any_text(std::mt19937_64& random, std::string_view letters, std::size_t length) {
    std::string text;
    while (text.size() < length) text += letters[random() % letters.size()];
    return text;
}

constexpr std::string_view number_like = "0123456789012345678901234567890123456789  --..++ax,%\\u\xc2\xa0\xe2\x80\x8b\xc3";

double seconds_of_thread() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// The best of several, in seconds.
double time_of(const std::string& text) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
        const double begun = seconds_of_thread();
        (void)redact(text);
        best = std::min(best, seconds_of_thread() - begun);
    }
    return best;
}

std::string repeated(std::string_view piece, std::size_t size) {
    std::string text;
    while (text.size() < size) text += piece;
    return text;
}

}  // namespace

TEST_CASE("64 bytes at once are told apart as each by itself is") {
    std::mt19937_64 random(23);
    for (int round = 0; round < 2'000; ++round) {
        std::string bytes(64, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        const Block block(bytes.data());
        const PortableBlock slow(bytes.data());
        REQUIRE(block.digits() == slow.digits());
        REQUIRE(block.beyond_ascii() == slow.beyond_ascii());
        REQUIRE(block.any('a', '\xef', ' ') == slow.any('a', '\xef', ' '));
        REQUIRE(block.lower().any('a', '0') == slow.lower().any('a', '0'));
        for (unsigned bound = 0; bound < 256; bound += 15) {
            REQUIRE(block.at_least(static_cast<unsigned char>(bound)) == slow.at_least(static_cast<unsigned char>(bound)));
        }
    }
}

TEST_CASE("no card number is skipped, wherever it begins and whatever stands around it") {
    std::mt19937_64 random(29);
    for (int round = 0; round < 3'000; ++round) {
        const std::string before = any_text(random, number_like, random() % 200) + "|";
        const std::string after = "|" + any_text(random, number_like, random() % 200);
        static constexpr const char* writings[] = {
            "4242424242424242",       "4242 4242 4242 4242",      "4242-4242.4242+4242",     "4２42\u00a0424242424242",
            "\\u0034242424242424242", "%34%32424242424242%34%32", "424242424242%EF%BC%94242"};
        const std::string text = before + writings[random() % 7] + after;
        CAPTURE(text);
        const std::string clean = redact(text);
        REQUIRE(holds_card_number(text));
        REQUIRE(clean.find("|************4242|") != clean.npos);
    }
}

TEST_CASE("no label is skipped, wherever it begins and whatever stands around it") {
    std::mt19937_64 random(31);
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzCVSEcvsic  __--.,:%\\\xc3\xa9\xef\xbc";
    for (int round = 0; round < 3'000; ++round) {
        const std::string before = any_text(random, letters, random() % 200) + "|";
        const std::string after = "|" + any_text(random, letters, random() % 200);
        static constexpr const char* labels[] = {"CVV",
                                                 "cvc2",
                                                 "cid",
                                                 "CSC",
                                                 "cvn",
                                                 "c-v-v",
                                                 "cav",
                                                 "ccv",
                                                 "security code",
                                                 "Security_Code",
                                                 "card verification value",
                                                 "verification value",
                                                 "ｃＶv",
                                                 "\\u0063vv",
                                                 "c%56v"};
        const std::string label = labels[random() % 15];
        CAPTURE(before, label, after);
        REQUIRE(redact(before + label + ": 123" + after) == before + label + ": ***" + after);
    }
}

TEST_CASE("eight times the text takes about eight times as long, also when it is made to be slow") {
    constexpr std::size_t size = 1 << 12;
    for (const std::string piece : {"4242424242424242 ",
                                    "4 2 ",
                                    "42",
                                    "23 2026-11-24 ",
                                    "cvv: card security code ",
                                    "\\u0034%34",
                                    "٤",
                                    "\\",
                                    "-",
                                    "7----",
                                    "7---é",
                                    "%25",
                                    "c",
                                    "c_",
                                    "4242424242424242 424242424242 ",
                                    "%B4242424242424242^A",
                                    "4242424242424242=",
                                    "4\u200b\u200b",
                                    "ｃ",
                                    "\\\\u003",
                                    "1.",
                                    "4111111111111111aaaaaaaaaaaaaaaa-",
                                    "00-4111111111111111-"}) {
        const std::string text = repeated(piece, size);
        const std::string dashes = piece + std::string(size, '-');
        CAPTURE(piece);
        // A quadratic search would need 64 times as long; the clock is the thread's own and the shortest of five.
        CHECK(time_of(repeated(piece, 8 * size)) < 30 * time_of(text) + 0.002);
        CHECK(time_of(repeated(piece + std::string(8 * size, '-'), 16 * size)) <
              30 * time_of(repeated(dashes, 2 * size)) + 0.002);
    }
}
