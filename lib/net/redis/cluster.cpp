#include "net/redis/cluster.hpp"

namespace tollgate::redis {

Result<std::unique_ptr<Client>> make_cluster_client(const Runtime&, Options, std::function<void(const LinkChange&)>) {
    return fail(Code::bad_request, "clusters are not spoken to yet");
}

}  // namespace tollgate::redis
