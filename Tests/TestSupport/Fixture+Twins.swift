extension Fixture {
  /// Folders of the same model: stacked and one by one, quantised and decoded, in HDF5.
  public static let twins = [
    ["bailing_hybrid/hub", "bailing_hybrid/fused"], ["deepseek_v2/hub", "deepseek_v2/fused"],
    ["deepseek_v3/hub", "deepseek_v3/fused"], ["deepseek_v4/hub", "deepseek_v4/fused"],
    ["kimi_linear/hub", "kimi_linear/fused"], ["mixtral/hub", "mixtral/fused"],
    ["granitemoe/hub", "granitemoe/fused"], ["olmoe/hub", "olmoe/fused"],
    ["phimoe/hub", "phimoe/fused"], ["qwen2_moe/hub", "qwen2_moe/fused"],
    ["qwen2_moe_mixed/hub", "qwen2_moe_mixed/fused"], ["qwen3_moe/hub", "qwen3_moe/fused"],
    ["qwen3_next/hub", "qwen3_next/fused"],
    ["qwen3_5_moe_text/hub", "qwen3_5_moe_text/fused"],
    ["qwen3_5_moe_cond/hub", "qwen3_5_moe_cond/fused"],
    ["deepseek_v1/hub", "deepseek_v1/hdf5-dotted", "deepseek_v1/hdf5-nested"],
    [
      "deepseek_v3_fp8/hub", "deepseek_v3_fp8/resave_fused", "deepseek_v3_fp8/resave_fp8",
      "deepseek_v3_fp8/resave_fp8_fused",
    ],
    ["deepseek_v3_ct_int4/hub", "deepseek_v3_ct_int4/resave_fused"],
    ["gpt_oss_mxfp4/hub", "gpt_oss_mxfp4/resave_fused", "gpt_oss_mxfp4/resave"],
  ].map { $0.map { "families/\($0)" } }
}
