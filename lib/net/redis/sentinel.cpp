#include "net/redis/sentinel.hpp"

namespace tollgate::redis {

std::function<Task<Result<Address>>(SteadyTime deadline)> ask_sentinels(const Runtime&, Options) {
    return [](SteadyTime) -> Task<Result<Address>> { co_return fail(Code::bad_request, "sentinels are not asked yet"); };
}

}  // namespace tollgate::redis
