#pragma once

#include <utility>
#include <vector>

#include "core/pager.hpp"

namespace tollgate::test {

/// Keeps every page instead of calling somebody.
class KeptPages final : public Pager {
public:
    std::vector<Page> pages;
    std::vector<std::string> warned;  // of which charges
    void page(Page page) override { pages.push_back(std::move(page)); }
    void warn(std::string charge_id, std::string /*detail*/) override { warned.push_back(std::move(charge_id)); }
};

}  // namespace tollgate::test
