#include "telemetry/log.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <sstream>
#include <thread>

#include "config_support.hpp"

using namespace tollgate;

namespace {

/// Logs into a file for the length of `speak`, and returns the lines.
std::vector<std::string> lines_of(log::Options options, const std::function<void()>& speak) {
    Folder folder;
    auto path = (folder.path / "log").string();
    options.fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    REQUIRE(options.fd >= 0);
    int fd = options.fd;
    {
        log::Running running(std::move(options));
        speak();
    }
    ::close(fd);
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

boost::json::object json(const std::string& line) {
    return boost::json::parse(line).as_object();
}

const std::string nasty = "a\r\nb\x1b[31m\"q\"\\ \x7f\xc2\x85 \xe2\x80\xa8 \xff \xed\xa0\x80 \xc3\xa4 end";

}  // namespace

TEST_CASE("a line is one JSON object with time, level, message and its fields") {
    auto lines = lines_of({}, [] {
        std::string id = "ch_1";
        log::info("charge finished", {{"charge_id", id},
                                      {"status", "succeeded"},
                                      {"attempt", 2},
                                      {"ratio", 0.5},
                                      {"live", true},
                                      {"took_ms", Milliseconds{12}}});
    });
    REQUIRE(lines.size() == 1);
    auto line = json(lines[0]);
    CHECK(line["time"].as_string().size() == std::string("2026-11-22T10:00:00.000Z").size());
    CHECK(line["level"] == "info");
    CHECK(line["message"] == "charge finished");
    CHECK(line["charge_id"] == "ch_1");
    CHECK(line["attempt"] == 2);
    CHECK(line["ratio"] == 0.5);
    CHECK(line["live"] == true);
    CHECK(line["took_ms"] == 12);
}

TEST_CASE("no value can forge a line or break its JSON") {
    auto speak = [] { log::warn(nasty, {{nasty, nasty}, {"number", std::numeric_limits<double>::infinity()}}); };
    auto lines = lines_of({}, speak);
    REQUIRE(lines.size() == 1);
    auto line = json(lines[0]);
    CHECK(line["message"].as_string().starts_with("a\r\nb\x1b[31m\"q\"\\ \x7f"));
    CHECK(line["message"].as_string().ends_with("\xc3\xa4 end"));

    log::Options text;
    text.format = log::Format::text;
    auto plain = lines_of(text, speak);
    REQUIRE(plain.size() == 1);
    for (const auto& written : {lines[0], plain[0]}) {
        CHECK(std::ranges::none_of(written, [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
        CHECK(written.find("\xc2\x85") == std::string::npos);
        CHECK(written.find("\xe2\x80\xa8") == std::string::npos);
    }
}

TEST_CASE("text lines quote what would blur their fields") {
    log::Options options;
    options.format = log::Format::text;
    auto lines = lines_of(options, [] { log::error("store failed", {{"path", "a b=c"}, {"id", "x"}, {"none", ""}}); });
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].ends_with(" error store failed path=\"a b=c\" id=x none=\"\""));
}

TEST_CASE("lines below the level are not written") {
    log::Options options;
    options.level = log::level_from("warn");
    auto lines = lines_of(options, [] {
        CHECK_FALSE(log::enabled(log::Level::info));
        log::debug("no");
        log::info("no");
        log::warn("yes");
        log::critical("yes");
    });
    CHECK(lines.size() == 2);
}

TEST_CASE("whatever goes through spdlog itself comes out as our lines") {
    auto lines = lines_of({}, [] { spdlog::warn("library says {}\nand {}", 1, "x"); });
    REQUIRE(lines.size() == 1);
    CHECK(json(lines[0])["message"] == "library says 1\nand x");
    CHECK(json(lines[0])["level"] == "warn");
}

TEST_CASE("no line holds a card number, whoever logs it, and a number that is one becomes a string") {
    for (const auto format : {log::Format::json, log::Format::text}) {
        log::Options options;
        options.format = format;
        auto lines = lines_of(options, [] {
            log::info("card 4242 4242 4242 4242",
                      {{"key4242424242424242", "v4242-4242-4242-4242"}, {"number", 4242424242424242}, {"other", 7}});
            log::critical("4242424242424242");
            spdlog::error("a library says 4242424242424242");
        });
        REQUIRE(lines.size() == 3);
        for (const auto& line : lines) {
            INFO(line);
            for (const std::string part : {"42424242", "4242 4242", "4242-4242"}) CHECK(line.find(part) == std::string::npos);
        }
        auto first = std::ranges::find_if(lines, [](const auto& line) { return line.find("card") != std::string::npos; });
        REQUIRE(first != lines.end());
        if (format == log::Format::text) continue;
        CHECK(json(*first)["number"] == "************4242");
        CHECK(json(*first)["other"] == 7);
    }
}

TEST_CASE("a card number that the bound of a text would cut in two is not half told") {
    auto lines = lines_of({}, [] {
        for (std::size_t before = 2020; before < 3090; ++before) {
            const std::string text = std::string(before, 'm') + " 4242 4242 4242 4242";
            log::info(text, {{"value", text}});
            spdlog::info(text);
        }
    });
    CHECK(lines.size() == 2 * 1070);
    for (const auto& line : lines) CHECK(line.find("4242 ") == std::string::npos);
}

TEST_CASE("lines of a process that never starts its log", "[.early]") {
    log::warn("early 4242424242424242");
    spdlog::warn("foreign 4242424242424242");
    CHECK(log::enabled(log::Level::warn));
}

TEST_CASE("a line before the log is started is redacted too") {
    const auto command = std::filesystem::read_symlink("/proc/self/exe").string() + " '[.early]' 2>&1";
    FILE* const process = ::popen(command.c_str(), "r");
    REQUIRE(process != nullptr);
    std::string said;
    std::array<char, 4096> buffer{};
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), process)) said.append(buffer.data(), size);
    CHECK(::pclose(process) == 0);
    INFO(said);
    CHECK(said.find("early ************4242\n") != std::string::npos);
    CHECK(said.find("foreign ************4242\n") != std::string::npos);
    CHECK(said.find("42424242") == std::string::npos);
}

TEST_CASE("a long text is cut off, and a line has a bound") {
    auto lines = lines_of({}, [] { log::info(std::string(10'000, 'm'), {{"value", std::string(10'000, 'v')}}); });
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].size() < 5000);
}

TEST_CASE("a reader that does not read costs lines, not time: the oldest go, the drops are told, errors stay") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    std::string text;
    std::thread reader;
    {
        log::Options options;
        options.fd = ends[1];
        options.queue_lines = 64;
        log::Running running(std::move(options));
        log::error("the one that matters");
        // Far more than pipe and queue hold; this would never end if a caller waited.
        for (int i = 0; i < 20'000; ++i) log::info("flood", {{"i", i}, {"pad", std::string(200, 'x')}});
        log::error("the last one");
        reader = std::thread([&] {
            std::array<char, 65536> buffer;
            for (ssize_t count; (count = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
                text.append(buffer.data(), static_cast<std::size_t>(count));
        });
    }
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);

    CHECK(text.find("the one that matters") != std::string::npos);
    CHECK(text.find("the last one") != std::string::npos);
    CHECK(text.find("\"i\":19999") != std::string::npos);
    std::istringstream in(text);
    std::int64_t flood = 0;
    std::int64_t dropped = 0;
    for (std::string line; std::getline(in, line);) {
        auto object = json(line);
        if (object["message"] == "flood") ++flood;
        if (object.contains("lines")) dropped += object["lines"].as_int64();
    }
    CHECK(dropped > 0);
    CHECK(flood + dropped == 20'000);
}

TEST_CASE("a reader that never reads cannot keep the process from ending") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    auto begin = std::chrono::steady_clock::now();
    {
        log::Options options;
        options.fd = ends[1];
        log::Running running(std::move(options));
        for (int i = 0; i < 10'000; ++i) log::info("flood", {{"pad", std::string(200, 'x')}});
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{10});
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("many threads log at once and every line is whole") {
    log::Options options;
    options.queue_lines = 100'000;
    auto lines = lines_of(options, [] {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([t] {
                for (int i = 0; i < 1000; ++i) log::info("line", {{"thread", t}, {"i", i}});
            });
    });
    CHECK(lines.size() == 4000);
    for (const auto& line : lines) CHECK(json(line).contains("thread"));
}
