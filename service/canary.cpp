#include "service/canary.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace tollgate {
namespace {

/// Card data in one writing, and the part of it that must not come out.
struct Song {
    std::string about;
    std::string text;
    std::string secret;
};

using Digits = std::string;

/// Digits that begin so, with a check digit (ISO/IEC 7812-1 annex B) that makes them a card number.
Digits draw_card(std::string_view beginning, std::size_t size, Random& random) {
    Digits digits(beginning);
    while (digits.size() + 1 < size) digits += static_cast<char>('0' + random.below(10));
    unsigned sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto digit = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
        sum += i % 2 == 1 ? digit : digit * 2 / 10 + digit * 2 % 10;
    }
    return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
}

std::string grouped(const Digits& digits, std::string_view separator) {
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && i % 4 == 0) text += separator;
        text += digits[i];
    }
    return text;
}

/// Every digit as these words before it and itself.
std::string each(const Digits& digits, std::string_view before) {
    std::string text;
    for (const char digit : digits) text.append(before) += digit;
    return text;
}

std::string full_width(const Digits& digits) {
    std::string text;
    for (const char digit : digits) text.append("\xef\xbc") += static_cast<char>(0x90 + (digit - '0'));
    return text;
}

std::vector<Song> songs(Random& random) {
    std::vector<Song> all;
    const auto sing = [&](std::string about, const std::string& secret) {
        all.push_back({std::move(about), "paid with " + secret + " today", secret});
    };
    const Digits card = draw_card("4", 16, random);
    sing("a card number", card);
    sing("a card number of 15 digits", draw_card("37", 15, random));
    sing("a card number of 19 digits", draw_card("62", 19, random));
    sing("a card number with spaces", grouped(draw_card("52", 16, random), " "));
    sing("a card number with dashes", grouped(card, "-"));
    sing("a card number with dots", grouped(card, "."));
    sing("a card number with non-breaking spaces", grouped(card, "\u00a0"));
    sing("a card number with zero-width spaces", grouped(card, "\u200b"));
    sing("a card number in full-width digits", full_width(card));
    sing("a card number in escapes of JSON", each(card, "\\u003"));
    sing("a card number in percent escapes", each(card, "%3"));
    sing("a card number with percent-encoded spaces", grouped(card, "%20"));
    all.push_back({"a card number and nothing else", card, card});

    const std::string code = std::to_string(100 + random.below(900));
    sing("a labelled verification code", "cvv " + code);
    sing("a labelled verification code in JSON", R"("CVC": ")" + code + '"');
    sing("a labelled verification code in a form", "security_code=" + code);

    const std::string behind = "29121011" + std::to_string(10'000'000 + random.below(90'000'000));
    const std::string track1 = "%B" + card + "^DOE/JANE^" + behind + "?";
    const std::string track2 = ";" + card + "=" + behind + "?";
    for (const std::string& track : {track1, track2}) {
        all.push_back({"the card number of a track", "swiped " + track, card});
        all.push_back({"what is behind the card number on a track", "swiped " + track, behind});
    }
    return all;
}

/// Without what a sink may put between its characters: backslashes, quotes, separators.
std::string essence(std::string_view text) {
    std::string kept;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (plain || static_cast<unsigned char>(c) >= 0x80) kept += c;
    }
    return kept;
}

bool comes_out(const std::string& words, const std::string& secret) {
    return words.find(secret) != std::string::npos || essence(words).find(essence(secret)) != std::string::npos;
}

}  // namespace

std::optional<std::string> find_leak(const std::vector<Sink>& sinks, Random& random) {
    for (const Song& song : songs(random)) {
        for (const Sink& sink : sinks) {
            if (!comes_out(sink.words(song.text), song.secret)) continue;
            return "refusing to serve: " + sink.name + " would show " + song.about +
                   ". This is a fault of the program: run the version before it, and report this sentence";
        }
    }
    return std::nullopt;
}

}  // namespace tollgate
