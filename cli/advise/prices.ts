// The one table of prices that `seriatim advise` and docs/pipelines-patterns.md reckon with: us-east-1, on demand, US
// dollars, without free tiers, data transfer, logs and traces. Change a price here and every figure follows.

export interface Price {
  readonly usd: number;
  readonly per: string;
  readonly source: string;
  /** `aws`: read in AWS's own words; `secondary`: others quote it, AWS's price page itself could not be read. */
  readonly verified: 'aws' | 'secondary';
}

/** When the sources were read. */
export const PRICES_DATE = '2026-11-22';

export const PRICES = {
  httpApiRequest: {
    usd: 1 / 1e6,
    per: 'request of up to 512 KB, the first 300 million a month',
    source: 'https://aws.amazon.com/api-gateway/pricing/, as quoted by tutorials of December 2025',
    verified: 'secondary',
  },
  lambdaRequest: {
    usd: 0.2 / 1e6,
    per: 'invocation',
    source: 'https://docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda.html',
    verified: 'aws',
  },
  lambdaGbSecond: {
    usd: 0.0000166667,
    per: 'GB-second, in whole milliseconds',
    source: 'https://docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda.html',
    verified: 'aws',
  },
  expressRequest: {
    usd: 1 / 1e6,
    per: 'execution',
    source: 'https://aws.amazon.com/blogs/compute/building-cost-effective-aws-step-functions-workflows/',
    verified: 'aws',
  },
  expressGbSecond: {
    usd: 0.00001667,
    per: 'GB-second, in steps of 100 ms and 64 MB, the first 1,000 hours a month',
    source: 'https://aws.amazon.com/step-functions/pricing/, as quoted by others',
    verified: 'secondary',
  },
  s3Put: {
    usd: 0.005 / 1000,
    per: 'object written',
    source: 'https://aws.amazon.com/s3/pricing/, as quoted by https://c3x.dev/blog/s3-request-fees-explained',
    verified: 'secondary',
  },
  s3Get: {
    usd: 0.0004 / 1000,
    per: 'object read',
    source: 'https://aws.amazon.com/s3/pricing/, as quoted by https://c3x.dev/blog/s3-request-fees-explained',
    verified: 'secondary',
  },
  endpointHour: {
    usd: 0.115,
    per: 'hour of one ml.m5.large that hosts an endpoint',
    source: 'https://aws.amazon.com/sagemaker/ai/pricing/, as quoted by tables in public repositories',
    verified: 'secondary',
  },
} as const satisfies Record<string, Price>;
