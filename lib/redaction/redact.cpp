#include "redaction/redact.hpp"

#include "redaction/card_number.hpp"

namespace tollgate {

std::string redact(std::string_view text) {
    std::string clean;
    std::size_t from = 0;
    while (const auto card = find_card_number(text, from)) {
        clean.append(text.substr(from, card->begin - from)).append("************");
        clean.append(text.substr(card->end - 4, 4));
        from = card->end;
    }
    clean.append(text.substr(from));
    return from == 0 ? clean : redact(clean);  // four digits that stay may begin another one
}

}  // namespace tollgate
