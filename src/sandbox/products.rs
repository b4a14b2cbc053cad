//! The products that the trail covers, with their services and methods, as `/products` lists them.
//!
//! Account, Apple silicon, Elastic Metal, IAM, Key Manager, Kubernetes, Load Balancer and Secret Manager as recorded; the
//! others from Scaleway's documentation, so their `name` is a guess where no answer has been published.

use super::render::escaped;

struct Product(&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Title, name, and the methods of each service.
#[rustfmt::skip]
const PRODUCTS: &[Product] = &[
    Product("Account", "account", &[
        ("scaleway.account.v2.GDPRApi", "CreateGDPRRequest DownloadGDPRExport"),
        ("scaleway.account.v3.OrganizationApi", "ChangeSupportPlan CloseOrganization SetPicture"),
        ("scaleway.account.v3.UserApi", "ChangeUserEmail ChangeUserPassword ConfirmPhoneValidation CreateMFAOTP DeleteMFAOTP SendPhoneValidation UpdateUser UpdateUserPreferences ValidateMFAOTP"),
    ]),
    Product("Apple Silicon", "apple-silicon", &[
        ("scaleway.apple_silicon.v1alpha1.Api", "BatchCreateServers CreateServer DeleteServer RebootServer ReinstallServer UpdateServer"),
    ]),
    Product("Audit Trail", "audit-trail", &[
        ("scaleway.audit_trail.v1alpha1.Api", "CreateCustomAlertRule CreateExportJob DeleteCustomAlertRule DeleteExportJob DisableAlertRules DisableCustomAlertRules EnableAlertRules EnableCustomAlertRules SetEnabledAlertRules SetEnabledCustomAlertRules UpdateCustomAlertRule"),
    ]),
    Product("Autoscaling", "autoscaling", &[
        ("scaleway.autoscaling.v1alpha2.ZonedApi", "CreateGroup DeleteGroup UpdateGroup"),
    ]),
    Product("Elastic Metal", "baremetal", &[
        ("scaleway.baremetal.v1.Api", "AddOptionServer CreateServer DeleteOptionServer DeleteServer InstallServer MigrateServerToMonthlyOffer RebootServer StartBMCAccess StartServer StopBMCAccess StopServer UpdateIP UpdateServer UpdateSetting"),
    ]),
    Product("Cockpit", "cockpit", &[
        ("scaleway.cockpit.v1.RegionalApi", "CreateContactPoint CreateDataSource CreateExporter CreateToken DeleteContactPoint DeleteDataSource DeleteExporter DeleteToken DisableAlertManager DisableAlertRules DisableManagedAlerts EnableAlertManager EnableAlertRules EnableManagedAlerts UpdateContactPoint UpdateDataSource UpdateExporter"),
    ]),
    Product("Data Orchestrator", "data-orchestrator", &[
        ("scaleway.data_orchestrator.v1alpha1.Api", "CreateWorkflowDefinition DeleteWorkflowDefinition DeleteWorkflowRun PauseWorkflowRun ResumeWorkflowRun StartWorkflowDefinition TerminateWorkflowRun UpdateWorkflowDefinition UpdateWorkflowVersion"),
    ]),
    Product("Data Warehouse for ClickHouse", "datawarehouse", &[
        ("scaleway.datawarehouse.v1beta1.Api", "CreateDatabase CreateDeployment CreateEndpoint CreateUser DeleteDatabase DeleteDeployment DeleteEndpoint DeleteUser StartDeployment StopDeployment UpdateDeployment UpdateUser"),
    ]),
    Product("Edge Services", "edge-services", &[
        ("scaleway.edge_services.v1beta1.Api", "AddRouteRules CreateBackendStage CreateCacheStage CreateDNSStage CreatePipeline CreateRouteStage CreateTLSStage CreateWafStage DeleteBackendStage DeleteCacheStage DeleteCurrentPlan DeleteDNSStage DeletePipeline DeleteRouteStage DeleteTLSStage DeleteWafStage SelectPlan SetHeadStage SetRouteRules UpdateBackendStage UpdateCacheStage UpdateDNSStage UpdatePipeline UpdateRouteStage UpdateTLSStage UpdateWafStage"),
    ]),
    Product("Generative APIs", "generative-apis", &[
        ("scaleway.gapi_dedicated.v1.Api", "CreateDeployment CreateModel DeleteDeployment DeleteModel UpdateDeployment"),
    ]),
    Product("IAM", "iam", &[
        ("scaleway.iam.v1alpha1.Api", "AddGroupMember AddGroupMembers AddSamlCertificate ClonePolicy CreateAPIKey CreateApplication CreateGroup CreateJWT CreatePolicy CreateSSHKey CreateUser CreateUserMFAOTP DeleteAPIKey DeleteApplication DeleteGroup DeleteJWT DeletePolicy DeleteSSHKey DeleteSaml DeleteSamlCertificate DeleteUser DeleteUserMFAOTP EnableOrganizationSaml LockUser RemoveGroupMember SetGroupMembers SetRules UnlockUser UpdateAPIKey UpdateApplication UpdateGroup UpdateOrganizationSecuritySettings UpdatePolicy UpdateSSHKey UpdateSaml UpdateUser UpdateUserPassword UpdateUserUsername ValidateUserMFAOTP"),
        ("scaleway.iam.v1alpha1.UnauthenticatedApi", "CheckLoginMFAOTP CommitLogin CreateMagicCodeLogin CreateOAuth2Login CreatePasswordLogin CreateSamlLogin InitiateMagicCodeLogin InitiateOAuth2Login InitiateSamlLogin RenewJWT"),
    ]),
    Product("Instance", "instance", &[
        ("scaleway.instance.v1.Api", "AttachServerFileSystem AttachServerVolume CreateImage CreateIp CreatePlacementGroup CreatePrivateNIC CreateSecurityGroup CreateSecurityGroupRule CreateServer CreateSnapshot CreateVolume DeleteImage DeleteIp DeletePlacementGroup DeletePrivateNIC DeleteSecurityGroup DeleteSecurityGroupRule DeleteServer DeleteServerUserData DeleteSnapshot DeleteVolume DetachServerFileSystem DetachServerVolume ExportSnapshot ReleaseIpToIpam ServerAction SetServerUserData UpdateImage UpdateIp UpdatePlacementGroup UpdatePlacementGroupServers UpdatePrivateNIC UpdateSecurityGroup UpdateSecurityGroupRule UpdateServer UpdateSnapshot UpdateVolume"),
    ]),
    Product("InterLink", "interlink", &[
        ("scaleway.interlink.v1beta1.Api", "AttachRoutingPolicy AttachVpc CreateLink CreateRoutingPolicy DeleteLink DeleteRoutingPolicy DetachRoutingPolicy DetachVpc DisableRoutePropagation EnableRoutePropagation SetRoutingPolicy UpdateLink UpdateRoutingPolicy"),
    ]),
    Product("IPAM", "ipam", &[
        ("scaleway.ipam.v1.Api", "AttachIP BookIP DetachIP MoveIP ReleaseIP ReleaseIPSet UpdateIP"),
    ]),
    Product("Key Manager", "key-manager", &[
        ("scaleway.key_manager.v1alpha1.Api", "CreateKey DeleteKey DeleteKeyMaterial DisableKey EnableKey ImportKeyMaterial ProtectKey RestoreKey RotateKey UnprotectKey UpdateKey"),
    ]),
    Product("Kubernetes", "kubernetes", &[
        ("scaleway.k8s.v1.Api", "AddClusterACLRules CreateCluster CreateExternalNode CreatePool DeleteACLRule DeleteCluster DeleteNode DeletePool MigrateClusterToSBSCSI RebootNode ReplaceNode ResetClusterAdminToken SetClusterACLRules SetClusterType UpdateCluster UpdatePool UpgradeCluster UpgradePool"),
    ]),
    Product("Load Balancer", "load-balancer", &[
        ("scaleway.lb.v1.ZonedApi", "AddBackendServers CreateAcl CreateBackend CreateCertificate CreateFrontend CreateIp CreateLb CreateRoute DeleteAcl DeleteBackend DeleteCertificate DeleteFrontend DeleteLb DeleteRoute MigrateLb ReleaseIp RemoveBackendServers SetAcls SetBackendServers UpdateAcl UpdateBackend UpdateCertificate UpdateFrontend UpdateHealthCheck UpdateIp UpdateLb UpdateRoute"),
    ]),
    Product("Managed MongoDB", "mongodb", &[
        ("scaleway.mongodb.v1.Api", "ApplyMaintenance CreateEndpoint CreateInstance CreateSnapshot CreateUser DeleteEndpoint DeleteInstance DeleteSnapshot DeleteUser RestoreSnapshot SetUserRole UpdateInstance UpdateSnapshot UpdateUser UpgradeInstance"),
    ]),
    Product("Public Gateways", "public-gateway", &[
        ("scaleway.vpc_gw.v2.Api", "AddBastionAllowedIPs CreateGateway CreateGatewayNetwork CreateIP CreatePatRule DeleteBastionAllowedIPs DeleteGateway DeleteGatewayNetwork DeleteIP DeletePatRule RefreshSSHKeys SetBastionAllowedIPs SetPatRules UpdateGateway UpdateGatewayNetwork UpdateIP UpdatePatRule UpgradeGateway"),
    ]),
    Product("Quantum", "quantum", &[
        ("scaleway.quantum.v3delta2.Api", "EntangleQubits"),
    ]),
    Product("Managed Database for PostgreSQL and MySQL", "rdb", &[
        ("scaleway.rdb.v1.Api", "AddInstanceACLRules AddInstanceSettings ApplyInstanceMaintenance CloneInstance CreateDatabase CreateDatabaseBackup CreateEndpoint CreateInstance CreateInstanceFromSnapshot CreateReadReplica CreateReadReplicaEndpoint CreateSnapshot CreateUser DeleteDatabase DeleteDatabaseBackup DeleteEndpoint DeleteInstance DeleteInstanceACLRules DeleteInstanceSettings DeleteReadReplica DeleteSnapshot DeleteUser ExportDatabaseBackup MigrateEndpoint PrepareInstanceLogs PromoteReadReplica PurgeInstanceLogs RenewInstanceCertificate RestartInstance RestoreDatabaseBackup ResyncReadReplica SetInstanceACLRules SetInstanceSettings SetPrivilege UpdateDatabaseBackup UpdateInstance UpdateSnapshot UpdateUser UpgradeInstance"),
    ]),
    Product("Secret Manager", "secret-manager", &[
        ("scaleway.secret_manager.v1alpha1.Api", "AddSecretOwner CreateSecret CreateSecretVersion DeleteSecret DestroySecretVersion DisableSecretVersion EnableSecretVersion ProtectSecret UnprotectSecret UpdateSecret UpdateSecretVersion"),
        ("scaleway.secret_manager.v1beta1.Api", "AddSecretOwner CreateSecret CreateSecretVersion DeleteSecret DeleteSecretVersion DisableSecretVersion EnableSecretVersion ProtectSecret RestoreSecret RestoreSecretVersion UnprotectSecret UpdateSecret UpdateSecretVersion"),
    ]),
    Product("Serverless Containers", "serverless-containers", &[
        ("scaleway.containers.v1beta1.Api", "CreateContainer CreateDomain CreateNamespace CreateTrigger DeleteContainer DeleteDomain DeleteNamespace DeleteTrigger RedeployContainer UpdateContainer UpdateDomain UpdateNamespace UpdateTrigger"),
    ]),
    Product("Serverless Functions", "serverless-functions", &[
        ("scaleway.functions.v1beta1.Api", "CreateCron CreateDomain CreateFunction CreateNamespace CreateToken CreateTrigger DeleteCron DeleteDomain DeleteFunction DeleteNamespace DeleteToken DeleteTrigger DeployFunction UpdateCron UpdateFunction UpdateNamespace UpdateTrigger"),
    ]),
    Product("Serverless SQL Databases", "serverless-sqldb", &[
        ("scaleway.serverless_sqldb.v1alpha1.Api", "CreateDatabase DeleteDatabase ExportDatabaseBackup RestoreDatabaseFromBackup UpdateDatabase"),
    ]),
    Product("Site-to-Site VPN", "site-to-site-vpn", &[
        ("scaleway.s2s_vpn.v1alpha1.Api", "CreateConnection CreateCustomerGateway CreateRoutingPolicy CreateVpnGateway DeleteConnection DeleteCustomerGateway DeleteRoutingPolicy DeleteVpnGateway DetachRoutingPolicy RenewConnectionPsk SetRoutingPolicy UpdateConnection UpdateCustomerGateway UpdateRoutingPolicy UpdateVpnGateway"),
    ]),
    Product("VPC", "vpc", &[
        ("scaleway.vpc.v2.Api", "CreatePrivateNetwork CreateRoute CreateVPC CreateVPCConnector DeletePrivateNetwork DeleteRoute DeleteVPC DeleteVPCConnector EnableCustomRoutesPropagation EnableDHCP SetAcl UpdatePrivateNetwork UpdateRoute UpdateVPC UpdateVPCConnector"),
    ]),
];

/// The answer of `/products`.
pub(super) fn list() -> String {
    let products: Vec<String> = PRODUCTS
        .iter()
        .map(|Product(title, name, services)| {
            let services: Vec<String> = services
                .iter()
                .map(|(service, methods)| {
                    let methods: Vec<String> = methods.split(' ').map(|method| format!("\"{method}\"")).collect();
                    format!(r#"{{"name":"{service}", "methods":[{}]}}"#, methods.join(", "))
                })
                .collect();
            format!(r#"{{"title":"{}", "name":"{name}", "services":[{}]}}"#, escaped(title), services.join(", "))
        })
        .collect();
    format!(r#"{{"products":[{}], "total_count":{}}}"#, products.join(", "), products.len())
}

#[cfg(test)]
pub(super) fn covers(product: &str, service: &str, method: &str) -> bool {
    PRODUCTS
        .iter()
        .filter(|Product(_, name, _)| *name == product)
        .flat_map(|Product(_, _, services)| *services)
        .any(|(name, methods)| *name == service && methods.split(' ').any(|known| known == method))
}
