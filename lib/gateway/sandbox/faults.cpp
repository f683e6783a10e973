#include "gateway/sandbox/faults.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tollgate::sandbox {
namespace {

/// The number after `word` in the token, kept between 0 and `max`; 0 when the word is not there.
int number_after(std::string_view token, std::string_view word, int max) {
    const std::size_t at = token.find(word);
    if (at == token.npos) return 0;
    const std::string_view digits = token.substr(at + word.size());
    int value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (result.ec == std::errc::result_out_of_range) return max;
    return result.ec == std::errc{} ? std::clamp(value, 0, max) : 0;
}

struct Misprint {
    std::string_view word;
    Listed capture = Listed::truly;
    Listed refund = Listed::truly;
};

constexpr std::array<Misprint, 7> misprints{{{"_books_unlisted", Listed::never, Listed::never},
                                             {"_books_twice", Listed::twice},
                                             {"_books_amount", Listed::for_more},
                                             {"_books_currency", Listed::in_other_currency},
                                             {"_books_status", Listed::as_voided},
                                             {"_books_late", Listed::next_day},
                                             {"_books_orphan", Listed::never}}};

}  // namespace

Faults faults_of(std::string_view token) {
    Faults faults;
    if (!token.starts_with("tok_")) return faults;
    const auto has = [&](std::string_view word) { return token.find(word) != token.npos; };

    if (has("_declined")) faults.decline = "card_declined";
    if (has("_insufficient_funds")) faults.decline = "insufficient_funds";
    if (has("_expired")) faults.decline = "expired_card";
    if (has("_authentication_required")) faults.decline = "authentication_required";
    faults.flaky = number_after(token, "_flaky_", 1000);
    faults.slow = Milliseconds(number_after(token, "_slow_", 600'000));
    faults.lost_reply = has("_lost_reply");
    faults.error_after = has("_error_after");
    faults.capture_fails = has("_capture_fails");
    faults.void_fails = has("_void_fails");
    faults.avs_mismatch = has("_avs_mismatch");
    faults.cvv_mismatch = has("_cvv_mismatch");
    if (const std::size_t at = token.find("_country_"); at != token.npos) {
        const std::string_view code = token.substr(at + 9, 2);
        if (code.size() == 2 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; }))
            faults.card_country = code;
    }
    for (const Misprint& misprint : misprints) {
        if (!has(misprint.word)) continue;
        faults.capture_listed = misprint.capture;
        faults.refund_listed = misprint.refund;
    }
    return faults;
}

}  // namespace tollgate::sandbox
