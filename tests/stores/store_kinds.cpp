#include "sqlite_under_test.hpp"
#include "store_under_test.hpp"

namespace tollgate::test {

const std::vector<StoreKind>& store_kinds() {
    static const std::vector<StoreKind> kinds{
        {"sqlite in a file", [] { return std::make_unique<SqliteUnderTest>(false); }},
        {"sqlite in memory", [] { return std::make_unique<SqliteUnderTest>(true); }},
    };
    return kinds;
}

}  // namespace tollgate::test
