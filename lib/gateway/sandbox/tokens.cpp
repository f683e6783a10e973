#include "gateway/sandbox/tokens.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>

#include "redaction/card_brands.hpp"
#include "redaction/card_number.hpp"
#include "signing/hmac.hpp"

namespace tollgate::sandbox {
namespace {

/// A card number's digits by themselves; overwritten with it.
struct Digits {
    std::array<char, 19> digits{};
    std::size_t count = 0;

    explicit Digits(std::string_view number) {
        for (const char c : number) {
            if (c >= '0' && c <= '9' && count < digits.size()) digits[count++] = c;
        }
    }
    ~Digits() { OPENSSL_cleanse(digits.data(), digits.size()); }
    Digits(const Digits&) = delete;
    Digits& operator=(const Digits&) = delete;

    [[nodiscard]] std::string_view text() const noexcept { return {digits.data(), count}; }
};

struct TestCard {
    std::string_view number;
    std::string_view fault;
};

constexpr std::array<TestCard, 6> test_cards{{{"4000000000000002", "declined_"},
                                              {"4000000000009995", "insufficient_funds_"},
                                              {"4000000000000069", "expired_"},
                                              {"4000002500003155", "authentication_required_"},
                                              {"4000000000000127", "cvv_mismatch_"},
                                              {"4000000000000010", "avs_mismatch_"}}};

bool is_card_number(std::string_view number) {
    const auto grouped = [](char c) { return (c >= '0' && c <= '9') || c == ' ' || c == '-'; };
    return std::ranges::all_of(number, grouped) && find_card_number(number) == CardSpan{0, number.size()};
}

std::string_view brand_of(std::string_view digits) {
    std::uint32_t first_six = 0;
    std::from_chars(digits.data(), digits.data() + card_prefix_digits, first_six);
    return card_brand(first_six, digits.size());
}

}  // namespace

EphemeralTokenizer::EphemeralTokenizer() {
    // Without chance tokens could be tried out, which a stand-in can live with; and OpenSSL gives none only where nothing
    // works.
    static_cast<void>(RAND_bytes(reinterpret_cast<unsigned char*>(key_.data()), static_cast<int>(key_.size())));
}

EphemeralTokenizer::~EphemeralTokenizer() {
    OPENSSL_cleanse(key_.data(), key_.size());
}

Task<Result<CardToken>> EphemeralTokenizer::tokenize(std::string_view number) {
    if (!is_card_number(number)) {
        co_return fail(Code::validation_failed, "number must be a card number of 13 to 19 digits whose check digit is right");
    }
    const Digits card(number);
    const auto known = std::ranges::find(test_cards, card.text(), &TestCard::number);
    CardToken made{
        .token = "tok_", .brand = std::string(brand_of(card.text())), .last4 = std::string(card.text().substr(card.count - 4))};
    if (known != test_cards.end()) made.token += known->fault;
    constexpr std::string_view letters = "bcdfghjklmnpqrst";
    const Mac mac = hmac_sha256({key_.data(), key_.size()}, {card.text()});
    for (std::size_t i = 0; i < 12; ++i) made.token += {letters[mac[i] >> 4], letters[mac[i] & 15]};
    co_return made;
}

}  // namespace tollgate::sandbox
