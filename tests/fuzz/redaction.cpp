// Card data is put into any bytes, written as the first line chooses, and nothing of it may be left: a number that anybody
// could read on, a verification code behind its label, a magnetic stripe. The rest of the input is what stands around it.
#include "redaction/redact.hpp"

#include <array>

#include "fuzz/support/card_text.hpp"
#include "fuzz/support/fuzz.hpp"
#include "redaction/card_number.hpp"
#include "redaction/secret_names.hpp"

namespace tollgate::fuzz {
namespace {

constexpr char fence = '\x01';

/// One choice after the other, from the bytes of a line; the first when they have run out.
class Choices {
public:
    explicit Choices(std::string_view bytes) : bytes_(bytes) {}

    std::size_t below(std::size_t count) {
        if (bytes_.empty()) return 0;
        const auto byte = static_cast<unsigned char>(bytes_.front());
        bytes_.remove_prefix(1);
        return byte % count;
    }
    template <class List>
    const auto& of(const List& list) {
        return list[below(std::size(list))];
    }

private:
    std::string_view bytes_;
};

std::string utf8(char32_t code) {
    if (code < 0x80) return {static_cast<char>(code)};
    std::string text;
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    text += static_cast<char>((0xFF00 >> (more + 1) & 0xFF) | code >> 6 * more);
    while (more-- > 0) text += static_cast<char>(0x80 | (code >> 6 * more & 0x3F));
    return text;
}

std::string hex(unsigned value, int digits, bool upper) {
    std::string text;
    for (int i = digits; i-- > 0;) text += (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value >> 4 * i & 15];
    return text;
}

std::string written(char32_t code, Choices& choices) {
    const std::size_t way = choices.below(8);
    const bool upper = choices.below(2) == 1;
    if (way < 3) return utf8(code);
    std::string text;
    if (way < 5) {  // JSON, perhaps twice
        const std::string escape = way == 3 ? "\\u" : choices.below(2) == 0 ? "\\\\u" : "%5cu";
        if (code < 0x10000) return escape + hex(code, 4, upper);
        return escape + hex(0xD800 + ((code - 0x10000) >> 10), 4, upper) + escape + hex(0xDC00 + (code & 0x3FF), 4, upper);
    }
    for (const char byte : utf8(code)) {
        text.append(way < 7 ? "%" : "%25").append(hex(static_cast<unsigned char>(byte), 2, upper));
    }
    return text;
}

std::string digit(char c, Choices& choices) {
    static constexpr std::array<char32_t, 8> zeros{'0', '0', '0', 0x0660, 0x0966, 0xFF10, 0x1D7CE, 0x11DE0};
    return written(choices.of(zeros) + static_cast<char32_t>(c - '0'), choices);
}

/// No dots at will: among them numbers are also addresses and decimals, and with them dates.
std::string separator(Choices& choices) {
    static constexpr std::array<char32_t, 12> kinds{' ',    '-',    '+',    0xA0,   0xAD,   0x180E,
                                                    0x2007, 0x200B, 0x2013, 0x2212, 0x3000, 0xFEFF};
    return written(choices.of(kinds), choices);
}

constexpr std::array<std::string_view, 6> numbers{"4111111111111111", "4242424242424242", "378282246310005",
                                                  "6011000990139424", "4222222222222",    "6205500000000000004"};

std::string number(std::string_view digits, Choices& choices) {
    std::string text;
    const bool dotted = choices.below(8) == 1;
    const bool separate = !dotted && choices.below(2) == 1;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (dotted && i > 0 && i % 4 == 0) text += '.';
        for (std::size_t count = separate && i > 0 ? choices.below(4) : 0; count > 0; --count) text += separator(choices);
        text += digit(digits[i], choices);
    }
    return text;
}

std::string label(Choices& choices) {
    static constexpr std::array<std::string_view, 18> labels{"cvv",
                                                             "CVV2",
                                                             "cvc",
                                                             "Cvc2",
                                                             "cid",
                                                             "csc",
                                                             "cvn",
                                                             "card verification value",
                                                             "card_security_code",
                                                             "security code",
                                                             "Security-Code",
                                                             "cvv_code",
                                                             "cardCvc",
                                                             "securityCode",
                                                             "c-v-v",
                                                             "CAV2",
                                                             "cardVerificationNumber",
                                                             "ｃｖｖ"};
    return std::string(choices.of(labels));
}

std::string between(Choices& choices) {
    static constexpr std::array<std::string_view, 16> all{
        ": ",  "=",      " ",         "\":\"",   "\": ",    "\\\":\\\"", " is ",   " #",
        "%3D", "%3A%20", "%22%3A%22", " code: ", "\\u003a", "]=",        "\t=\t'", " number is ("};
    return std::string(choices.of(all));
}

struct Planted {
    std::string text;
    std::string clean;
    std::string_view digits;  // of a number alone: escapes may be read in more than one way, and a part of one may stay
};

Planted plant(Choices& choices) {
    const std::string_view digits = choices.of(numbers);
    const std::string masked = "************" + std::string(digits.substr(digits.size() - 4));
    switch (choices.below(4)) {
        case 0:
        case 1:
            return {number(digits, choices), masked, digits};
        case 2: {
            const std::string before = label(choices) + between(choices);
            std::string code;
            for (std::size_t i = 3 + choices.below(2); i > 0; --i)
                code += digit(static_cast<char>('0' + choices.below(10)), choices);
            return {before + code, before + "***", {}};
        }
        default: {
            static constexpr std::array<std::string_view, 6> tails{"^DOE/JOHN^29121010000?", "^Doe/Jane Q^2912",
                                                                   "=29121010000012345678?", "%5EDOE%2FJOHN%5E2912%3F",
                                                                   "\\u003d2912101",         "D29121010000012345F"};
            const std::string_view tail = choices.of(tails);
            const std::string end = tail.ends_with("?") ? "?" : tail.ends_with("%3F") ? "%3F" : "";
            return {std::string(digits).append(tail), masked + "[track]" + end, {}};
        }
    }
}

bool holds_digit(std::string_view text) {
    return std::ranges::any_of(from_utf8(bytes_of(text)), [](const Letter& letter) { return decimal_digit(letter.code) >= 0; });
}

/// Whether eight digits of the number can be read one after the other.
bool shows(std::string_view text, std::string_view number) {
    constexpr std::size_t enough = 8;
    for (const Letters& letters : readings_of(text)) {
        std::string digits;
        for (const Letter& letter : letters) {
            if (const int value = decimal_digit(letter.code); value >= 0) digits += static_cast<char>('0' + value);
        }
        for (std::size_t i = 0; i + enough <= number.size(); ++i) {
            if (digits.find(number.substr(i, enough)) != digits.npos) return true;
        }
    }
    return false;
}

void judge_planted(std::string_view recipe, std::string_view around) {
    if (around.find(fence) != around.npos) return;
    Choices choices(recipe);
    const std::size_t split = choices.below(256) * (around.size() + 1) / 256;
    const Planted planted = plant(choices);
    const std::string text =
        std::string(around.substr(0, split)) + fence + planted.text + fence + std::string(around.substr(split));
    const std::string clean = redact(text);
    const std::size_t begin = clean.find(fence);
    const std::size_t end = clean.find(fence, begin + 1);
    expect(begin != clean.npos && end != clean.npos, "what is no card data stays");
    const std::string_view left = std::string_view(clean).substr(begin + 1, end - begin - 1);
    const bool clear =
        left == planted.clean || !holds_digit(left) || (planted.digits.size() > 4 && !shows(left, planted.digits));
    expect(clear, "of card data nothing is left but its last four digits");
    expect(holds_card_data(text), "card data is noticed");
}

/// Whether a text has neither 13 digits nor the letters of a label, however it is read.
bool is_harmless(std::string_view text) {
    for (const Letters& letters : readings_of(text)) {
        std::string squeezed;
        std::size_t digits = 0;
        for (const Letter& letter : letters) {
            if (decimal_digit(letter.code) >= 0) ++digits;
            const char32_t lower = letter.code >= 'A' && letter.code <= 'Z' ? letter.code + 32 : letter.code;
            if (lower >= 'a' && lower <= 'z') squeezed += static_cast<char>(lower);
        }
        if (digits >= 13) return false;
        for (const std::string_view name : secret_names) {
            if (squeezed.find(name) != squeezed.npos) return false;
        }
        for (const std::string_view name : secret_phrases) {
            if (squeezed.find(name) != squeezed.npos) return false;
        }
    }
    return true;
}

void judge_alone(std::string_view text) {
    const std::string clean = redact(text);
    expect(!holds_card_data(clean), "what was redacted holds no card data");
    expect(redact(clean) == clean, "to redact twice is to redact once");
    expect(holds_card_data(text) == (clean != text), "a text changes exactly if it holds card data");
    expect(!holds_card_number(text) || clean != text, "a card number does not stay");
    expect(clean.size() <= text.size() * 2 + 16, "masks are bounded");
    if (is_harmless(text)) expect(clean == text, "a text without numbers and labels stays as it is");
}

}  // namespace

void judge(std::string_view input) {
    judge_alone(input);
    const std::string_view recipe = take_line(input);
    judge_planted(recipe, input);
}

}  // namespace tollgate::fuzz
