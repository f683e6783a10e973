#include "stores/redis/keys.hpp"

#include <algorithm>
#include <chrono>

#include "stores/redis/rows.hpp"

namespace tollgate::redis {

std::string day_name(WallTime at) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(at));
    const int number = static_cast<int>(day.year()) * 10'000 + static_cast<int>(static_cast<unsigned>(day.month())) * 100 +
                       static_cast<int>(static_cast<unsigned>(day.day()));
    return std::to_string(number);
}

Keys::Keys(int partition) {
    std::ranges::copy(std::string_view("tg:{p00}:"), prefix_);
    prefix_[5] = static_cast<char>('0' + partition / 10);
    prefix_[6] = static_cast<char>('0' + partition % 10);
}

std::string Keys::key(std::string_view kind, std::string_view name) const {
    std::string key;
    key.reserve(sizeof prefix_ + kind.size() + name.size());
    key.append(prefix_, sizeof prefix_).append(kind).append(name);
    return key;
}

std::string Keys::of_order(std::string_view tenant, std::string_view order) const {
    return key("o:", order_name(tenant, order));
}

std::string Keys::of_status(ChargeStatus status, std::string_view tenant) const {
    const char kind[] = {'s', ':', letter_of(status)};
    return key({kind, sizeof kind}, tenant);
}

std::string order_name(std::string_view tenant, std::string_view order) {
    std::string name;
    add_behind_length(name, tenant);
    add_behind_length(name, order);
    return name;
}

std::string sale_of(const ChargeRow& row) {
    return order_name(row.tenant, row.order_id) + std::to_string(row.amount) + ":" + row.currency;
}

}  // namespace tollgate::redis
