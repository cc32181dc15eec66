import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PROBLEM_CODES } from '../lib/domain/problem.ts';
import { createEmfMetrics } from '../lib/emf/emfMetrics.ts';
import { buildFunctions, FUNCTIONS } from '../tools/bundler/build.ts';
import { cleanEnvironment, ROOT } from './support/startApp.ts';

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
/** CloudFormation puts the secret's value in its place. */
const SECRET = '{{resolve:secretsmanager:cache:SecretString:address}}';
const NOTHING = { Ref: 'AWS::NoValue' };

interface Template {
  readonly Parameters: Readonly<Record<string, { readonly Default: string }>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

let folder = '';

/** Packages into `<folder>/<name>`: without credentials, and with nowhere to send anything. */
async function packageService(name: string, ...options: string[]): Promise<Template> {
  const serverless = join(ROOT, 'node_modules/serverless/bin/serverless.js');
  const args = [serverless, 'package', '--package', join(folder, name), ...options];
  const env = cleanEnvironment({ AWS_EC2_METADATA_DISABLED: 'true', HTTPS_PROXY: 'http://127.0.0.1:9' });
  await promisify(execFile)(process.execPath, args, { cwd: folder, env });
  const file = join(folder, name, 'cloudformation-template-update-stack.json');
  return JSON.parse(await readFile(file, 'utf8'));
}

let resources: Readonly<Record<string, Resource>> = {};
let production: Readonly<Record<string, Resource>> = {};
let chosen: Template['Parameters'] = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-api-'));
  for (const name of ['serverless.yml', 'package.json']) await copyFile(join(ROOT, name), join(folder, name));
  for (const name of ['node_modules', 'local-stack', 'deploy'])
    await symlink(join(ROOT, name), join(folder, name));
  await buildFunctions(join(folder, 'dist'));
  const given = [
    'IMAGE_MAX_BYTES=1000',
    'SUBNET_IDS=subnet-1,subnet-2',
    'SECURITY_GROUP_IDS=sg-1',
    `REDIS_ADDRESS=${SECRET}`,
    `ALARM_TOPIC=${TOPIC}`,
    'HARVEST_CONCURRENCY=5',
    'LOG_RETENTION_DAYS=30',
    'TRACING=Active',
  ];
  // One after the other: both pass through the service's own `.serverless` folder.
  ({ Resources: resources } = await packageService('dev'));
  ({ Resources: production, Parameters: chosen } = await packageService(
    'prod',
    '--stage',
    'prod',
    ...given.map((each) => `--param=${each}`),
  ));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const capitalised = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
const functionOf = (name: string, all = resources) =>
  all[`${capitalised(name)}LambdaFunction`]?.Properties ?? {};
const ofType = (type: string) => Object.values(resources).filter((resource) => resource.Type === type);
/** What is loaded when it is needed, beside `index.js`. */
const isPiece = (name: string, file: string) =>
  file.startsWith(`dist/${name}/`) &&
  /^[\w-]+-[A-Z0-9]{8}\.js(?:\.map)?$/.test(file.slice(`dist/${name}/`.length));
const bucketArn = { 'Fn::GetAtt': ['ImagesBucket', 'Arn'] };
const objects = (prefix: string) => ({ 'Fn::Sub': `\${ImagesBucket.Arn}/${prefix}/*` });

describe('the functions', () => {
  it('are these four, under their paths and with their limits', () => {
    expect(ofType('AWS::Lambda::Function')).toHaveLength(FUNCTIONS.length);
    expect(functionOf('getImages')).toMatchObject({ Timeout: 29, MemorySize: 512 });
    expect(functionOf('postImages')).toMatchObject({ Timeout: 29, MemorySize: 1024 });
    expect(functionOf('putImages')).toMatchObject({ Timeout: 29, MemorySize: 1024 });
    expect(functionOf('sweepImages')).toMatchObject({ Timeout: 900, MemorySize: 512 });
    expect(ofType('AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties.RouteKey)).toEqual([
      'GET /images',
      'HEAD /images',
      'OPTIONS /images',
      'POST /images',
      'PUT /images',
    ]);
    for (const integration of ofType('AWS::ApiGatewayV2::Integration')) {
      expect(integration.Properties).toMatchObject({ PayloadFormatVersion: '2.0' });
    }
    expect(ofType('AWS::Events::Rule')).toMatchObject([
      { Properties: { ScheduleExpression: 'rate(1 day)' } },
    ]);
    expect(ofType('AWS::Lambda::EventInvokeConfig')).toMatchObject([
      { Properties: { MaximumRetryAttempts: 0 } },
    ]);
  });

  it.each([...FUNCTIONS])(
    '%s runs on Node 24, arm64, with its own role and the bucket of the stack',
    (name) => {
      expect(functionOf(name)).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: `dist/${name}/index.handler`,
        Role: { 'Fn::GetAtt': [`${capitalised(name)}Role`, 'Arn'] },
        Environment: {
          Variables: {
            NODE_OPTIONS: '--enable-source-maps',
            S3_BUCKET: { Ref: 'ImagesBucket' },
            REDIS_ADDRESS: '',
          },
        },
      });
    },
  );

  it.each([...FUNCTIONS])('%s carries its own bundle, its map, and nothing else', async (name) => {
    const files = await unzip(join(folder, 'dev', `${name}.zip`));
    const [pieces, others] = [[...files.keys()].filter((each) => isPiece(name, each)), [...files.keys()]];
    expect(new Set(others)).toEqual(
      new Set([`dist/${name}/index.js`, `dist/${name}/index.js.map`, 'dist/package.json', ...pieces]),
    );
    // Each piece has its map.
    expect(
      pieces.filter((each) => !files.has(each.endsWith('.map') ? each.slice(0, -4) : `${each}.map`)),
    ).toEqual([]);
    expect(JSON.parse(files.get('dist/package.json') ?? '')).toEqual({ type: 'module' });
    // What describes the answers is for the description of the API alone.
    expect(files.get(`dist/${name}/index.js`)).not.toContain('The outcome of each image');
    expect(JSON.parse(files.get(`dist/${name}/index.js.map`) ?? '')).not.toHaveProperty('sourcesContent');
  });

  it('take a setting as a parameter of the same name', () => {
    expect(functionOf('postImages', production)).toMatchObject({
      Environment: { Variables: { IMAGE_MAX_BYTES: '1000', REDIS_ADDRESS: SECRET } },
    });
  });

  it('run inside a VPC where one is given', () => {
    const inVpc = {
      SubnetIds: { 'Fn::Split': [',', 'subnet-1,subnet-2'] },
      SecurityGroupIds: { 'Fn::Split': [',', 'sg-1'] },
    };
    expect(functionOf('putImages', production)).toMatchObject({
      VpcConfig: { 'Fn::If': ['RunsInVpc', inVpc, { Ref: 'AWS::NoValue' }] },
    });
  });
});

describe('what a deployment may choose', () => {
  it('limits the harvests that run at once', () => {
    for (const name of ['postImages', 'putImages']) {
      expect(functionOf(name, production).ReservedConcurrentExecutions).toEqual({
        'Fn::If': ['LimitsHarvests', { Ref: 'HarvestConcurrency' }, NOTHING],
      });
    }
    expect(chosen.HarvestConcurrency).toMatchObject({ Default: '5' });
  });

  it('traces calls', () => {
    for (const name of FUNCTIONS) {
      expect(functionOf(name, production).TracingConfig).toEqual({ Mode: 'Active' });
      expect(functionOf(name).TracingConfig).toEqual({ Mode: 'PassThrough' });
    }
  });

  it('keeps logs for as long as is said', () => {
    for (const { Type, Properties } of Object.values(production)) {
      if (Type === 'AWS::Logs::LogGroup') expect(Properties.RetentionInDays).toBe(30);
    }
  });

  it('is told of a sweep that failed', () => {
    expect(production.SweepImagesLambdaEvConf?.Properties.DestinationConfig).toEqual({
      'Fn::If': ['TellsOfAlarms', { OnFailure: { Destination: { Ref: 'AlarmTopic' } } }, NOTHING],
    });
    expect(chosen.AlarmTopic).toMatchObject({ Default: TOPIC });
  });
});

describe('an alarm', () => {
  const alarms = () => Object.entries(production).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');

  it('is there for bugs, the storage, the sweep, throttling, slow calls and failing ones', () => {
    expect(alarms().map(([name]) => name)).toEqual([
      'InternalErrorAlarm',
      'StorageUnavailableAlarm',
      'SweepErrorAlarm',
      'ThrottleAlarm',
      'SlowAlarm',
      'ServerErrorAlarm',
    ]);
    for (const [, { Properties }] of alarms()) {
      expect(Properties).toMatchObject({
        AlarmActions: { 'Fn::If': ['TellsOfAlarms', [{ Ref: 'AlarmTopic' }], NOTHING] },
        OKActions: { 'Fn::If': ['TellsOfAlarms', [{ Ref: 'AlarmTopic' }], NOTHING] },
        TreatMissingData: 'notBreaching',
      });
    }
  });

  it('names metrics and codes that the service sends', async () => {
    const facts = { operation: 'post', outcome: 'INTERNAL', durationMs: 1, measures: {} } as const;
    const documents: string[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((line) => documents.push(String(line)));
    await createEmfMetrics().emit(facts);
    log.mockRestore();
    const sent = documents.map((document) => JSON.parse(document)._aws.CloudWatchMetrics[0]);
    const names = [
      ...JSON.stringify(production).matchAll(
        /SELECT SUM\((\w+)\) FROM SCHEMA\((\w+), ([^)]+)\) WHERE Outcome = '(\w+)'/g,
      ),
    ];
    expect(names).toHaveLength(2);
    for (const [, metric, namespace, dimensions, code = ''] of names) {
      expect(sent).toContainEqual({
        Namespace: namespace,
        Dimensions: [dimensions?.split(', ')],
        Metrics: expect.arrayContaining([expect.objectContaining({ Name: metric })]),
      });
      expect(PROBLEM_CODES).toContain(code);
    }
  });

  it('of throttling sees every function that a caller waits for', () => {
    const metrics = JSON.stringify(production.ThrottleAlarm?.Properties);
    for (const name of FUNCTIONS.filter((each) => each !== 'sweepImages')) {
      expect(metrics).toContain(`"Ref":"${capitalised(name)}LambdaFunction"`);
    }
  });
});

describe('the rights of each function', () => {
  const pages = [['s3:GetObject', 's3:PutObject'], [objects('pages')]];
  const checks = [['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], [objects('checks')]];
  const list = [['s3:ListBucket'], [bucketArn]];
  const images = (...actions: string[]) => [actions, [objects('images')]];
  const rights = {
    getImages: [[['s3:GetObject'], [objects('pages'), objects('images')]], list],
    postImages: [pages, images('s3:PutObject', 's3:DeleteObject'), checks, list],
    putImages: [pages, images('s3:PutObject', 's3:DeleteObject'), checks, list],
    sweepImages: [pages, images('s3:DeleteObject'), checks, list],
  };

  it.each(Object.entries(rights))('%s may do exactly this', (name, expected) => {
    const { AssumeRolePolicyDocument, Policies, ...others } =
      production[`${capitalised(name)}Role`]?.Properties ?? {};
    expect(others).toEqual({});
    expect(AssumeRolePolicyDocument).toMatchObject({
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    });
    const [own, ...further] = Policies as [Policy, ...ChosenPolicy[]];
    const logs = [
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [{ 'Fn::GetAtt': [`${capitalised(name)}LogGroup`, 'Arn'] }],
    ];
    expect(statementsOf(own)).toEqual([logs, ...expected].map((each) => ['Allow', ...each]));

    const [network, tracing, ...telling] = further.map(({ 'Fn::If': [condition, policy, otherwise] }) => {
      expect(otherwise).toEqual(NOTHING);
      return [condition, ...statementsOf(policy)];
    });
    const [inVpc, attach, denied] = network ?? [];
    expect(inVpc).toBe('RunsInVpc');
    expect(attach?.slice(1)).toEqual(denied?.slice(1));
    expect([attach?.[0], denied?.[0]]).toEqual(['Allow', 'Deny']);
    for (const action of [attach?.[1]].flat()) {
      expect(action).toMatch(/^ec2:\w+(?:Network|PrivateIp|Subnets)\w*$/);
    }
    expect(tracing).toEqual([
      'Traces',
      ['Allow', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*']],
    ]);
    const told = ['TellsOfAlarms', ['Allow', ['sns:Publish'], [{ Ref: 'AlarmTopic' }]]];
    expect(telling).toEqual(name === 'sweepImages' ? [told] : []);
  });

  it('to change the network are denied to the code of a function', () => {
    const deny = JSON.stringify(resources.GetImagesRole?.Properties.Policies);
    expect(deny).toContain('"Condition":{"ArnLike":{"lambda:SourceFunctionArn":{"Fn::Sub":');
  });

  it('are granted by no shared role', () => {
    expect(ofType('AWS::IAM::Role')).toHaveLength(FUNCTIONS.length);
  });
});

describe('the API', () => {
  it.each([
    ['dev', 'NONE', () => resources],
    ['prod', 'AWS_IAM', () => production],
  ])('asks on stage %s for %s', (_stage, type, all) => {
    for (const route of ['Get', 'Head', 'Post', 'Put']) {
      expect(all()[`HttpApiRoute${route}Images`]?.Properties).toMatchObject({ AuthorizationType: type });
    }
    // Absent means NONE: a browser cannot sign a preflight.
    expect(all().HttpApiRouteOptionsImages?.Properties).not.toHaveProperty('AuthorizationType');
  });

  it('leaves CORS to the functions, which answer by the setting', () => {
    expect(ofType('AWS::ApiGatewayV2::Api')).toHaveLength(1);
    expect(resources.HttpApi?.Properties).not.toHaveProperty('CorsConfiguration');
  });

  it('is throttled, and logs no query', () => {
    const stage = resources.HttpApiStage?.Properties;
    expect(stage).toMatchObject({
      DefaultRouteSettings: { ThrottlingBurstLimit: 40, ThrottlingRateLimit: 20 },
    });
    expect(JSON.stringify(stage?.AccessLogSettings)).not.toMatch(/query|\$context\.path/i);
  });
});

describe('what stays', () => {
  it('keeps the images in a private, encrypted bucket that outlives the stack', () => {
    expect(resources.ImagesBucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(resources.ImagesBucket?.Properties).toEqual({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
  });

  it('denies plain HTTP, and records written without a condition', () => {
    const deny = { Effect: 'Deny', Principal: '*' };
    expect(resources.ImagesBucketPolicy?.Properties).toMatchObject({
      PolicyDocument: {
        Statement: [
          { ...deny, Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
          {
            ...deny,
            Action: 's3:PutObject',
            Resource: objects('pages'),
            Condition: { Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' } },
          },
        ],
      },
    });
  });

  it('keeps every log for two weeks', () => {
    const groups = ofType('AWS::Logs::LogGroup');
    expect(groups).toHaveLength(FUNCTIONS.length + 1);
    for (const group of groups) expect(group.Properties.RetentionInDays).toBe(14);
  });
});

interface Policy {
  readonly PolicyDocument: {
    readonly Statement: readonly {
      readonly Effect: string;
      readonly Action: unknown;
      readonly Resource: unknown;
    }[];
  };
}

/** A policy that only some deployments have. */
interface ChosenPolicy {
  readonly 'Fn::If': readonly [condition: string, policy: Policy, otherwise: unknown];
}

/** Effect, actions and resources of each statement. */
function statementsOf({ PolicyDocument }: Policy) {
  return PolicyDocument.Statement.map(
    ({ Effect, Action, Resource }) => [Effect, [Action].flat(), [Resource].flat()] as const,
  );
}

/** File names and texts of a ZIP archive, by its central directory. */
async function unzip(path: string): Promise<ReadonlyMap<string, string>> {
  const zip = await readFile(path);
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const files = new Map<string, string>();
  let entry = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const size = zip.readUInt32LE(entry + 20);
    const nameLength = zip.readUInt16LE(entry + 28);
    const name = zip.toString('utf8', entry + 46, entry + 46 + nameLength);
    const local = zip.readUInt32LE(entry + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const data = zip.subarray(start, start + size);
    files.set(name, (zip.readUInt16LE(entry + 10) === 8 ? inflateRawSync(data) : data).toString('utf8'));
    entry += 46 + nameLength + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32);
  }
  return files;
}
