#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tollgate::sandbox {

/// Lets a map of strings be searched by a view.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};

/// A map from text that forgets its oldest entries above `max`, so that a sandbox can run for ever. An entry for which
/// `busy` holds is spared.
template <class Value>
class BoundedMap {
public:
    explicit BoundedMap(std::size_t max) : max_(max) {}

    [[nodiscard]] Value* find(std::string_view key) {
        const auto at = values_.find(key);
        return at == values_.end() ? nullptr : &at->second;
    }

    /// The value of the key, new when it was not there. Valid until the next call that adds.
    template <class Busy>
    Value& add(std::string_view key, Busy busy) {
        if (Value* const known = find(key)) return *known;
        for (std::size_t looked = 0; values_.size() >= max_ && looked < 16; ++looked) drop_oldest(busy);
        const auto added = values_.try_emplace(std::string(key)).first;
        order_.push_back(&added->first);
        return added->second;
    }
    Value& add(std::string_view key) {
        return add(key, [](const Value&) { return false; });
    }

    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    void clear() {
        values_.clear();
        order_.clear();
    }

private:
    template <class Busy>
    void drop_oldest(Busy busy) {
        const std::string* const oldest = order_.front();
        order_.pop_front();
        const auto at = values_.find(*oldest);
        if (busy(at->second)) {
            order_.push_back(oldest);
        } else {
            values_.erase(at);
        }
    }

    std::size_t max_;
    std::unordered_map<std::string, Value, TextHash, std::equal_to<>> values_;
    std::deque<const std::string*> order_;  // keys of `values_`, where they stay
};

}  // namespace tollgate::sandbox
