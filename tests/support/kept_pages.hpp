#pragma once

#include <utility>
#include <vector>

#include "core/pager.hpp"

namespace tollgate::test {

/// Keeps every page instead of calling somebody.
class KeptPages final : public Pager {
public:
    std::vector<Page> pages;
    void page(Page page) override { pages.push_back(std::move(page)); }
};

}  // namespace tollgate::test
