// What redact() costs, on one core: texts as the service writes them, texts with many digits, and texts made to be slow.
//
//   redaction [SECONDS]
//
// A line for each: MB/s, and the ratio to the floor of the same run, which copies each text and looks once at every byte of it.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "redaction/redact.hpp"

namespace {

using Texts = std::vector<std::string>;

std::mt19937_64 chance(7);

std::string of_letters(std::size_t length, std::string_view letters) {
    std::string text;
    while (text.size() < length) text += letters[chance() % letters.size()];
    return text;
}

std::string base32(std::size_t length) {
    return of_letters(length, "abcdefghijklmnopqrstuvwxyz234567");
}

std::string hex(std::size_t length) {
    return of_letters(length, "0123456789abcdef");
}

std::string number(std::size_t digits) {
    return of_letters(digits, "0123456789");
}

std::string time() {
    return "2026-11-22T1" + number(1) + ":0" + number(1) + ":0" + number(1) + "." + number(3) + "Z";
}

Texts texts(std::size_t count, const std::function<std::string()>& make) {
    Texts all;
    while (all.size() < count) all.push_back(make());
    return all;
}

std::string json_line() {
    static constexpr const char* routes[] = {"POST /charge", "GET /charge/ID", "POST /charge/ID/refund", "GET /health"};
    return R"({"time":")" + time() + R"(","level":"info","message":"request","request_id":")" + base32(26) + R"(","route":")" +
           routes[chance() % 4] + R"(","status":)" + std::to_string(200 + chance() % 4) + R"(,"duration_ms":)" +
           std::to_string(chance() % 900) + R"(,"charge_id":"ch_)" + base32(34) + R"(","peer":"10.0.)" +
           std::to_string(chance() % 256) + "." + std::to_string(chance() % 256) + ":" +
           std::to_string(1024 + chance() % 60000) + R"(","traceparent":"00-)" + hex(32) + "-" + hex(16) + R"(-01"})";
}

std::string text_line() {
    return time() + " info  charge finished charge_id=ch_" + base32(34) + " saga_id=saga_" + base32(34) +
           " status=succeeded order_id=ord_20261122_" + number(6) + " amount=" + number(4) +
           " currency=USD gateway=sandbox authorization_id=auth_" + hex(32) + " took_ms=" + number(3) + " attempts=1";
}

std::string digits_line() {
    return "2026-11-22 10:00:0" + number(1) + "." + number(6) + " epoch " +
           std::to_string(1'790'000'000'000 + chance() % 9'999'999) + " from 192.168." + number(2) + "." + number(2) + ":" +
           number(5) + " seq " + number(12) + " " + number(10) + " " + number(8) + " " + number(20) + " load 0." + number(2) +
           " 0." + number(2) + " 1." + number(2);
}

std::string repeated(std::string_view piece, std::size_t size) {
    std::string text;
    while (text.size() < size) text += piece;
    return text;
}

std::size_t sink = 0;

/// A copy and one look at each byte.
void floor_of(const std::string& text) {
    const std::string copy(text);
    sink += std::memchr(copy.data(), '\x01', copy.size()) == nullptr ? 1U : 0U;
}

void redact_one(const std::string& text) {
    sink += tollgate::redact(text).size();
}

/// Of this process: what else the machine does is not counted.
double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// MB/s over all texts, again and again for so long.
double rate(const Texts& all, void (*use)(const std::string&), double seconds) {
    std::size_t bytes = 0;
    const double begun = cpu_seconds();
    for (;;) {
        for (const std::string& text : all) {
            use(text);
            bytes += text.size();
        }
        const double taken = cpu_seconds() - begun;
        if (taken >= seconds) return static_cast<double>(bytes) / taken / 1e6;
    }
}

void measure(const char* what, const char* aim, const Texts& all, double seconds) {
    const double floor = rate(all, floor_of, seconds / 4);
    const double measured = rate(all, redact_one, seconds);
    std::printf("%-44s %8.0f MB/s  %6.3f of the floor %s\n", what, measured, measured / floor, aim);
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
    constexpr std::size_t lines = 4000;
    constexpr std::size_t large = 1 << 16;
    measure("clean JSON lines", "(aim 500 MB/s)", texts(lines, json_line), seconds);
    measure("clean text lines", "(aim 500 MB/s)", texts(lines, text_line), seconds);
    measure("lines of which each tenth has a card number", "",
            texts(lines, [n = 0]() mutable { return text_line() + (++n % 10 == 0 ? " 4242 4242 4242 4242" : ""); }), seconds);
    measure("lines full of times, counts and addresses", "", texts(lines, digits_line), seconds);
    measure("JSON lines within JSON", "",
            texts(lines,
                  [] {
                      std::string text;
                      for (const char c : json_line()) (c == '"' ? text += '\\' : text) += c;
                      return text;
                  }),
            seconds);
    measure("lines in French", "",
            texts(lines, [] { return time() + " la référence a été refusée, numéro " + number(6) + ", dépassé"; }), seconds);
    measure("hostile: card numbers and nothing else", "", {repeated("4242424242424242 ", large)}, seconds);
    measure("hostile: single digits", "", {repeated("4 2 ", large)}, seconds);
    measure("hostile: one unbroken number", "", {repeated("42", large)}, seconds);
    measure("hostile: dates that look like card numbers", "", {repeated("23 2026-11-24 ", large)}, seconds);
    measure("hostile: labels without codes", "", {repeated("cvv: card security code ", large)}, seconds);
    measure("hostile: escapes", "", {repeated("\\u0034%34", large)}, seconds);
    measure("hostile: digits of another script", "", {repeated("٤", large)}, seconds);
    measure("hostile: backslashes", "", {repeated("\\", large)}, seconds);
    measure("hostile: separators", "", {repeated("-", large)}, seconds);
    return sink == 0 ? 1 : 0;
}
