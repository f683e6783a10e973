#include "service/reconcile_command.hpp"

#include <catch2/catch.hpp>

using namespace tollgate;
using Phase = reconciliation::Progress::Phase;

TEST_CASE("how far a comparison is is a bar where the total is known, and a count where nobody knows it") {
    CHECK(progress_text({Phase::ledger, 12'000, 0}) == "reading the ledger  12000 records");
    CHECK(progress_text({Phase::gateway, 0, 0}) == "reading the gateway's books  0 records");
    CHECK(progress_text({Phase::compare, 0, 7}) == "comparing  [--------------------]   0%  0 of 7 records");
    CHECK(progress_text({Phase::compare, 500'000, 1'000'000}) ==
          "comparing  [##########----------]  50%  500000 of 1000000 records");
    CHECK(progress_text({Phase::act, 3, 3}) == "handling discrepancies  [####################] 100%  3 of 3 records");
    CHECK(progress_text({Phase::act, 9, 3}) == "handling discrepancies  [####################] 100%  3 of 3 records");
}
