#include "gateway/rfc3339.hpp"

namespace tollgate {
namespace {

/// The digits at `from`; -1 when there is anything else.
int digits(std::string_view text, std::size_t from, std::size_t count) {
    if (text.size() < from + count) return -1;
    int value = 0;
    for (const char c : text.substr(from, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

bool separators_stand(std::string_view text) {
    return text.size() >= 20 && text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't' || text[10] == ' ') &&
           text[13] == ':' && text[16] == ':';
}

/// Takes ".123…" off the front; the digits after the third are dropped.
std::optional<Milliseconds> take_fraction(std::string_view& rest) {
    if (rest.empty() || rest.front() != '.') return Milliseconds(0);
    rest.remove_prefix(1);
    int value = 0;
    int place = 100;
    std::size_t count = 0;
    while (count < rest.size() && rest[count] >= '0' && rest[count] <= '9') {
        value += place * (rest[count++] - '0');
        place /= 10;
    }
    rest.remove_prefix(count);
    if (count == 0) return std::nullopt;
    return Milliseconds(value);
}

std::optional<std::chrono::minutes> offset(std::string_view rest) {
    if (rest == "Z" || rest == "z") return std::chrono::minutes(0);
    const int hours = digits(rest, 1, 2);
    const int minutes = digits(rest, 4, 2);
    if (rest.size() != 6 || rest[3] != ':' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    if (rest[0] != '+' && rest[0] != '-') return std::nullopt;
    return std::chrono::minutes((hours * 60 + minutes) * (rest[0] == '-' ? -1 : 1));
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    if (!separators_stand(text)) return std::nullopt;
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    const int second = digits(text, 17, 2);
    if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    std::string_view rest = text.substr(19);
    const auto fraction = take_fraction(rest);
    const auto east = offset(rest);
    if (!date.ok() || !fraction || !east) return std::nullopt;
    return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + *fraction - *east;
}

}  // namespace tollgate
