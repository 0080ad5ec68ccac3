"""Writes Fixtures/families/published.json: configs and tensors of published checkpoints, at full size.

python3 published_models.py families.json > ../families/published.json

families.json is the table (schema moe-families/1) that was made by running transformers 5.23.0; the
sizes of each checkpoint in it name their sources, and were held against the total of its parameters.
Names of tensors are those of the hub. Attention is left out but for the output projection, and the
vocabulary has 128,000 words: neither matters to experts.
"""
import json, math, sys, re
F = {x['id']: x for x in json.load(open(sys.argv[1]))['families']}
EXTRA = {
 'qwen2_moe': {'decoder_sparse_step': 1, 'mlp_only_layers': [], 'norm_topk_prob': False},
 'qwen3_moe': {'decoder_sparse_step': 1, 'mlp_only_layers': [], 'norm_topk_prob': True},
 'qwen3_next': {'decoder_sparse_step': 1, 'mlp_only_layers': [], 'norm_topk_prob': True},
 'qwen3_vl_moe': {'decoder_sparse_step': 1, 'mlp_only_layers': []},
 'deepseek': {'first_k_dense_replace': 1, 'moe_layer_freq': 1, 'n_shared_experts': 2},
 'deepseek_v2': {'first_k_dense_replace': 1, 'moe_layer_freq': 1, 'n_shared_experts': 2},
 'deepseek_v3': {'first_k_dense_replace': 3, 'moe_layer_freq': 1, 'n_shared_experts': 1, 'num_nextn_predict_layers': 1},
 'deepseek_v32': {'first_k_dense_replace': 3, 'moe_layer_freq': 1, 'n_shared_experts': 1},
 'deepseek_v4': {'n_shared_experts': 1},
 'kimi_linear': {'first_k_dense_replace': 1, 'moe_layer_freq': 1, 'num_shared_experts': 1},
 'glm4_moe': {'first_k_dense_replace': 3, 'n_shared_experts': 1},
 'glm4_moe_lite': {'first_k_dense_replace': 1, 'n_shared_experts': 1},
 'jamba': {'expert_layer_offset': 1, 'expert_layer_period': 2},
 'ernie4_5_moe': {'moe_layer_start_index': 1, 'moe_layer_end_index': 27, 'moe_layer_interval': 1, 'moe_num_shared_experts': 2},
 'dots1': {'first_k_dense_replace': 1, 'n_shared_experts': 2},
 'bailing_moe': {'first_k_dense_replace': 1, 'num_shared_experts': 1},
 'llama4': {'interleave_moe_layer_step': 1},
}
FP8 = {'quantization_config': {'activation_scheme': 'dynamic', 'fmt': 'e4m3', 'quant_method': 'fp8', 'weight_block_size': [128, 128]}}
INT4 = {'quantization_config': {'quant_method': 'compressed-tensors', 'format': 'pack-quantized', 'quantization_status': 'compressed',
  'config_groups': {'group_0': {'targets': ['Linear'], 'weights': {'num_bits': 4, 'group_size': 32, 'strategy': 'group', 'symmetric': True, 'type': 'int'}}}}}
MX = {'quantization_config': {'quant_method': 'mxfp4', 'modules_to_not_convert': ['model.layers.*.self_attn', 'model.layers.*.mlp.router', 'model.embed_tokens', 'lm_head']}}
# By repository: what its config has over the family's, how numbers are stored, and where the names of the layer for multi-token prediction start.
MODEL = {
 'moonshotai/Kimi-K2-Instruct': dict(config={'model_type': 'kimi_k2', 'first_k_dense_replace': 1, 'num_nextn_predict_layers': 0}, form='fp8'),
 'moonshotai/Kimi-K2-Thinking': dict(of='moonshotai/Kimi-K2-Instruct', config={'model_type': 'kimi_k2', 'first_k_dense_replace': 1, 'num_nextn_predict_layers': 0}, form='int4'),
 'moonshotai/Moonlight-16B-A3B': dict(config={'first_k_dense_replace': 1, 'n_shared_experts': 2, 'num_nextn_predict_layers': 0}),
 'deepseek-ai/DeepSeek-V3': dict(form='fp8', mtp='model.layers.61.'),
 'deepseek-ai/DeepSeek-V3.2': dict(form='fp8', mtp='model.layers.61.'),
 'zai-org/GLM-5': dict(config={'model_type': 'glm_moe_dsa'}, mtp='model.layers.78.'),
 'zai-org/GLM-4.5': dict(mtp='model.layers.92.'),
 'zai-org/GLM-4.5-Air': dict(config={'first_k_dense_replace': 1}, mtp='model.layers.46.'),
 'zai-org/GLM-4.7-Flash': dict(mtp='model.layers.47.'),
 'MiniMaxAI/MiniMax-M2': dict(form='fp8'),
 'MiniMaxAI/MiniMax-Text-01': dict(config={'model_type': 'minimax_text_01'}),
 'meta-llama/Llama-4-Maverick-17B-128E': dict(config={'interleave_moe_layer_step': 2}),
 'Qwen/Qwen3-Next-80B-A3B-Instruct': dict(mtp='mtp.layers.0.'),
 'Qwen/Qwen3.5-35B-A3B': dict(mtp='mtp.layers.0.'),
 'Qwen/Qwen3.5-397B-A17B': dict(mtp='mtp.layers.0.'),
 'openai/gpt-oss-20b': dict(form='mxfp4'), 'openai/gpt-oss-120b': dict(form='mxfp4'),
 'deepseek-ai/DeepSeek-V4-Flash': dict(form='fp4'),
 'tencent/Hunyuan-A13B-Instruct': dict(config={'num_shared_expert': [1] * 32, 'moe_topk': [8] * 32, 'moe_intermediate_size': [3072] * 32}),
}
PREFIX = {'qwen3_5_moe': 'model.language_model.', 'qwen3_vl_moe': 'model.language_model.', 'llama4': 'language_model.model.', 'deepseek_v4': ''}

def rows():
  for fam in F.values():
    for c in fam['checkpoints']:
      name = c['repo'].split(' ')[0]
      yield fam, c, name
      for other, m in MODEL.items():
        if m.get('of') == name: yield fam, c, other

out = []
for fam, c, name in rows():
  m = MODEL.get(name, {})
  form = m.get('form', 'plain')
  H, NL, E, I, D = c['hidden'], c['layers'], c['experts'], c['moe_intermediate'], c['dense_intermediate']
  sh = re.match(r'(\d+) x (\d+)', c['shared'])
  S = int(sh[1]) * int(sh[2]) if sh else None
  ids = c['moe_layer_ids']
  if ids is None: moe = list(range(NL))
  elif '...' in ids: moe = list(range(int(ids.split(',')[0]), NL, 2))
  else: a, b = map(int, ids.split('..')); moe = list(range(a, b + 1))
  assert len(moe) == c['moe_layers'], name
  V = 128000
  sym = dict(H=H, NL=NL, E=E, I=I, S=S, D=D, V=V)
  cfg = {'model_type': fam['model_types'][0], 'architectures': [fam['architectures'][0]], 'torch_dtype': 'bfloat16'}
  text = {'hidden_size': H, 'num_hidden_layers': NL, 'vocab_size': V}
  key = lambda s: fam['symbols'][s]['keys'][0]
  text[key('E')] = E; text[key('I')] = I; text[key('K')] = c['top_k']
  if D and 'D' in fam['symbols'] and fam['symbols']['D'].get('keys'): text.setdefault(key('D'), D)
  sk = fam['symbols'].get('S', {}).get('keys')
  if S and sk and sk[0] not in text and '*' not in sk[0]: text[sk[0]] = S
  text.update(EXTRA.get(fam['id'], {}))
  text.update(m.get('config', {}))
  model_type = text.pop('model_type', None)
  if model_type: cfg['model_type'] = model_type
  cfg.update({'fp8': FP8, 'int4': INT4, 'mxfp4': MX, 'fp4': FP8}.get(form, {}))
  if fam['id'] in ('qwen3_5_moe', 'qwen3_vl_moe', 'llama4'):
    text['model_type'] = cfg['model_type'] + '_text'; cfg['text_config'] = text
  else: cfg.update(text)
  pre = PREFIX.get(fam['id'])
  def place(n):
    if pre is None: return n
    return pre + n.split('model.', 1)[1] if n.startswith('model.') else n
  def size(shape): return [eval(str(s), {}, sym) for s in shape]
  tensors = []
  def one(n, shape, typ='BF16', layers=None, quantised=False):
    rec = lambda nn, t, s: tensors.append(dict(name=nn, type=t, shape=s, **({'layers': layers} if layers is not None else {})))
    if quantised and form in ('fp8',) or (form == 'fp4' and quantised == 'dense'):
      rec(n, 'F8_E4M3', shape)
      s = [math.ceil(x / 128) for x in shape]
      if form == 'fp4': rec(n.removesuffix('.weight') + '.scale', 'F8_E8M0', s)
      else: rec(n + '_scale_inv', 'F32', s)
    elif form == 'fp4' and quantised:
      rec(n, 'I8', [shape[0], shape[1] // 2]); rec(n.removesuffix('.weight') + '.scale', 'F8_E8M0', [shape[0], shape[1] // 32])
    elif form == 'int4' and quantised == 'expert':
      rec(n + '_packed', 'I32', [shape[0], shape[1] // 8]); rec(n + '_scale', 'BF16', [shape[0], shape[1] // 32]); rec(n + '_shape', 'I32', [2])
    elif form == 'mxfp4' and quantised == 'stack':
      rec(n + '_blocks', 'U8', shape[:2] + [shape[2] // 32, 16]); rec(n + '_scales', 'U8', shape[:2] + [shape[2] // 32]); rec(n + '_bias', 'BF16', shape[:2])
    else: rec(n, typ, shape)
  hub = fam['expert_layouts'][0]
  per = next((l for l in fam['expert_layouts'] if l['kind'] == 'per_expert'), None)
  if form == 'mxfp4':
    one('model.layers.{L}.mlp.experts.gate_up_proj', [E, 2 * I, H], quantised='stack')
    one('model.layers.{L}.mlp.experts.down_proj', [E, H, I], quantised='stack')
  else:
    for t in hub['tensors'].values(): one(place(t['name']), size(t['shape']), quantised='expert')
  router = fam['router']['weight']
  one(place(router['name']), size(router['shape']), 'F32' if fam['id'] in ('ernie4_5_moe', 'hunyuan_v1_moe') else 'BF16')
  b = fam['router'].get('selection_bias')
  if b: one(place(b['name']), size(b['shape']), 'F32')
  if S:
    st = fam['shared_experts']['tensors']
    for t in [x for x in st.values() if isinstance(x, dict)]: one(place(t['name']), size(t['shape']), quantised='dense')
    g = fam['shared_experts'].get('gate')
    if g: one(place(g['name']), size(g['shape']))
  dense = [l for l in range(NL) if l not in moe]
  if dense:
    for t in [x for x in fam['dense_mlp'].values() if isinstance(x, dict)]: one(place(t['name']), size(t['shape']), layers=dense, quantised='dense')
  if m.get('mtp'):
    start = m['mtp']
    for t in per['tensors'].values(): one(t['name'].replace('model.layers.{L}.', start), size(t['shape']), quantised='expert', layers=[0])
    one(router['name'].replace('model.layers.{L}.', start), size(router['shape']), layers=[0])
    if S:
      for t in [x for x in st.values() if isinstance(x, dict)]: one(t['name'].replace('model.layers.{L}.', start), size(t['shape']), quantised='dense', layers=[0])
  a = place('model.layers.{L}.')
  for n in [v for k, v in fam['norms'].items() if k != 'note']:
    n = place(n)
    one(n, [H], layers=list(range(NL)) if '{L}' in n else [0])
  o = (fam['attention'].get('tensors') or {}).get('o')
  if o: one(place(o['name']), [H, H], layers=list(range(NL)), quantised='dense')
  one(place(fam['embeddings']['embed']), [V, H], layers=[0])
  rec = dict(name=name, source=c['source'] + ('' if form != 'int4' else '; names of the tensors: compressed-tensors 0.20'), family=fam['id'],
    layers=len(moe), matrices=c['routed_matrices'], further=3 * E if m.get('mtp') else 0,
    moeLayers=moe, experts=E, config=cfg, tensors=tensors)
  out.append(rec)

def ranges(l):
  parts, i = [], 0
  while i < len(l):
    step = l[i + 1] - l[i] if i + 1 < len(l) else 1
    j = i
    while j + 1 < len(l) and l[j + 1] - l[j] == step: j += 1
    parts.append([l[i], l[j], step]); i = j + 1
  return parts
for r in out:
  r['moeLayers'] = ranges(r['moeLayers'])
  for t in r['tensors']:
    if 'layers' in t:
      if '{L}' in t['name']: t['layers'] = ranges(t['layers'])
      else: del t['layers']
if __name__ == '__main__':
  lines = []
  for r in out:
    t = r.pop('tensors')
    r['config'] = json.dumps(r['config'])
    head = json.dumps(r, ensure_ascii=False)
    lines.append(head[:-1] + ', "tensors": [\n    ' + ',\n    '.join(json.dumps(x) for x in t) + ']}')
  print('[\n  ' + ',\n  '.join(lines) + '\n]')
