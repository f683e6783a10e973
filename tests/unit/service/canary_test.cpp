#include <catch2/catch.hpp>

#include "redaction/redact.hpp"
#include "service/canary.hpp"

using namespace tollgate;

namespace {

/// What is found of a sink that lets through what `words` lets through.
std::string leak_of(const std::function<std::string(std::string_view)>& words) {
    SystemRandom random;
    return find_leak({{"a tight one", [](std::string_view) { return std::string(); }}, {"the sieve", words}}, random)
        .value_or("");
}

}  // namespace

TEST_CASE("every sink of the program is tight, whatever is drawn") {
    SystemRandom random;
    const auto sinks = every_sink();
    CHECK(sinks.size() >= 9);
    for (int round = 0; round < 100; ++round) {
        const auto leak = find_leak(sinks, random);
        INFO(leak.value_or(""));
        REQUIRE_FALSE(leak);
    }
}

TEST_CASE("every sink of the program tells what holds no card data") {
    for (const Sink& sink : every_sink()) {
        INFO(sink.name);
        CHECK(sink.words("nothing to hide").find("nothing to hide") != std::string::npos);
    }
}

TEST_CASE("a sink that leaks is named, with what it lets through") {
    CHECK(
        leak_of([](std::string_view text) { return std::string(text); }) ==
        "refusing to serve: the sieve would show a card number. This is a fault of the program: run the version before it, and "
        "report this sentence");
    const auto leaks_when = [](std::string_view sign) {
        return leak_of([sign](std::string_view text) {
            return text.find(sign) == std::string_view::npos ? redact(text) : std::string(text);
        });
    };
    CHECK(leaks_when("\u00a0").find("with non-breaking spaces") != std::string::npos);
    CHECK(leaks_when("\\u003").find("in escapes of JSON") != std::string::npos);
    CHECK(leaks_when("cvv").find("a labelled verification code") != std::string::npos);
    CHECK(leaks_when("%B").find("the card number of a track") != std::string::npos);
    CHECK(leaks_when("nothing that is sung").empty());
}

TEST_CASE("a leak is found behind other escapes and separators than were sent") {
    const auto spread = leak_of([](std::string_view text) {
        std::string out;
        for (const char c : text) out += std::string("\\") + c + "_";
        return out;
    });
    CHECK_FALSE(spread.empty());
    const auto track_alone = leak_of([](std::string_view text) {
        const auto at = text.find("29121011");
        return at == std::string_view::npos ? std::string() : std::string(text.substr(at));
    });
    CHECK(track_alone.find("behind the card number on a track") != std::string::npos);
}
