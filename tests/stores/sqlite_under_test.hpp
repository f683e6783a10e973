#pragma once

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
    AuditLog& audit() override { return *store; }
    StoreHealth& health() override { return *store; }

    TemporaryFolder folder;
    SqliteOptions options;
    std::unique_ptr<SqliteStore> store;
};

}  // namespace tollgate::test
