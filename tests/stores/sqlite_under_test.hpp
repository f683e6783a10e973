#pragma once

#include <algorithm>

#include "store_under_test.hpp"
#include "stores/sqlite/sqlite_store.hpp"

namespace tollgate::test {

/// A store file of its own, or one in memory.
class SqliteUnderTest final : public StoreUnderTest {
public:
    explicit SqliteUnderTest(bool in_memory) {
        options.path = in_memory ? ":memory:" : folder.file("store.db");
        reopen();
    }

    /// Closes and opens again.
    void reopen() {
        store.reset();
        store = SqliteStore::open(options).value();
    }

    ChargeStore& charges() override { return *store; }
    EventStore& events() override { return store->events(); }
    ReconciliationStore& reconciliation() override { return store->reconciliation(); }
    SessionStore& sessions() override { return store->sessions(); }
    CensusStore& census() override { return *store; }
    AuditLog& audit() override { return *store; }
    StoreHealth& health() override { return *store; }

    TemporaryFolder folder;
    SqliteOptions options;
    std::unique_ptr<SqliteStore> store;
};

/// The names of all that lies in the folder of a store file.
[[nodiscard]] inline std::vector<std::string> files_beside(const SqliteUnderTest& sqlite) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(sqlite.options.path).parent_path()))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

}  // namespace tollgate::test
