// What an execution is and what became of it, its error as a person needs it, and what can be done with it.
import type {
  CostView,
  ErrorView,
  ExecutionView,
  LinksView,
  RecordCounts,
} from '../../layers/seriatim/inspection/view.ts';
import { executionHref, pathHref } from '../route.ts';
import {
  bytesText,
  countText,
  dollarsText,
  fullTimeText,
  lengthText,
  timeText,
  tookMs,
} from '../ui/format.ts';
import { StatusMark } from '../ui/status.tsx';
import { Actions } from './actions.tsx';
import { useToldError } from './use-told-error.ts';

interface HeaderProps {
  readonly execution: ExecutionView;
  readonly onChanged: () => void;
}

export function ExecutionHeader({ execution, onChanged }: HeaderProps) {
  const { id, pipeline, status, type } = execution;
  const error = useToldError(execution);
  const ofPipeline = pathHref(['executions'], new URLSearchParams({ pipeline }));
  return (
    <div className="execution-head">
      <div className="page-head">
        <h1>
          <a href={ofPipeline}>{pipeline}</a>
        </h1>
        <StatusMark status={status} />
        <span className="quiet">{type === 'EXPRESS' ? 'Express' : 'Standard'}</span>
        <code className="execution-id">{id}</code>
        <Actions execution={execution} onChanged={onChanged} />
      </div>
      <Facts execution={execution} />
      {error !== undefined && <ErrorBox error={error} execution={execution} label="Why it failed" />}
    </div>
  );
}

function Facts({ execution }: { readonly execution: ExecutionView }) {
  const { id, start, end, cost, version, parent, records, rerun, redriveCount, links } = execution;
  return (
    <dl className="facts">
      <Fact name="Started">
        <time title={fullTimeText(start)}>{timeText(start)}</time>
      </Fact>
      {end !== undefined && (
        <Fact name="Ended">
          <time title={fullTimeText(end)}>{timeText(end)}</time>
        </Fact>
      )}
      <Fact name="Took">
        {lengthText(tookMs(execution))}
        {execution.status === 'RUNNING' && ' so far'}
      </Fact>
      {records !== undefined && (
        <Fact name="Records">
          {countText(records.total)}: <RecordsText records={records} />
        </Fact>
      )}
      {cost !== undefined && (
        <Fact name="Cost">
          <Cost cost={cost} />
        </Fact>
      )}
      {version?.definition !== undefined && (
        <Fact name="Version">
          <span title={version.versionArn ?? 'Digest of the definition'}>
            <code>{version.definition}</code>
            {version.isPresentDefinition && ' (present)'}
          </span>
        </Fact>
      )}
      <Fact name="In, out">
        {bytesText(execution.inputBytes)}, {bytesText(execution.outputBytes)}
      </Fact>
      {redriveCount !== undefined && redriveCount > 0 && (
        <Fact name="Redriven">{redriveCount === 1 ? 'once' : `${redriveCount} times`}</Fact>
      )}
      {parent !== undefined && (
        <Fact name="Child of">
          Map Run {parent.mapRunLabel} of{' '}
          {parent.execution === undefined ? (
            parent.stateMachineName
          ) : (
            <a href={executionHref(parent.execution)}>{parent.execution.split(':')[7]}</a>
          )}
        </Fact>
      )}
      {rerun !== undefined && (
        <Fact name="Rerun of">
          <Rerun id={id} rerun={rerun} />
        </Fact>
      )}
      <Links id={id} links={links} />
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** `58 succeeded, 1 failed`: the failed ones stand out. */
export function RecordsText({ records: { total, failed } }: { readonly records: RecordCounts }) {
  return (
    <>
      {countText(total - failed)} succeeded,{' '}
      {failed === 0 ? '0 failed' : <strong className="odd">{countText(failed)} failed</strong>}
    </>
  );
}

export function Cost({ cost: { dollars, basis, parts, without } }: { readonly cost: CostView }) {
  return (
    <details className="cost">
      <summary>
        {dollarsText(dollars)}{' '}
        <span className="quiet">
          {basis}
          {without !== undefined && `, without ${without}`}
        </span>
      </summary>
      <table>
        <thead>
          <tr>
            <th>For</th>
            <th className="number">Dollars</th>
            <th>Formula</th>
          </tr>
        </thead>
        <tbody>
          {parts.map(({ what, dollars, basis, formula }) => (
            <tr key={what}>
              <td>{what}</td>
              <td className="number">{dollarsText(dollars)}</td>
              <td>
                {formula} <span className="quiet">{basis}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Rerun({ id, rerun }: { readonly id: string; readonly rerun: NonNullable<ExecutionView['rerun']> }) {
  const changed = Object.entries(rerun.changed).map(([name, value]) => `${name} ${value}`);
  const compare = pathHref(['compare'], new URLSearchParams({ a: rerun.of, b: id }));
  return (
    <>
      <a href={executionHref(rerun.of)}>{nameOfArn(rerun.of)}</a>
      {rerun.from !== undefined && ` from ${rerun.from}`}
      {changed.length > 0 && `, ${changed.join(', ')}`} · <a href={compare}>compare</a>
    </>
  );
}

/** An Express execution's ARN has its name last but one. */
function nameOfArn(arn: string): string {
  const parts = arn.split(':');
  return parts[5] === 'express' ? parts[7]! : parts.at(-1)!;
}

/** Where there is no console of AWS, what was logged is on this page. */
function Links({ id, links }: { readonly id: string; readonly links: LinksView }) {
  const { logGroup, traceId, traceUrl, logsUrl, executionUrl } = links;
  return (
    <>
      {logGroup !== undefined && (
        <Fact name="Log group">
          <a href={logsUrl ?? executionHref(id, undefined, 'logs')}>{logGroup}</a>
        </Fact>
      )}
      {traceId !== undefined && (
        <Fact name="Trace">
          {traceUrl === undefined ? <code>{traceId}</code> : <a href={traceUrl}>{traceId}</a>}
        </Fact>
      )}
      {executionUrl !== undefined && (
        <Fact name="AWS console">
          <a href={executionUrl}>Step Functions</a>
        </Fact>
      )}
    </>
  );
}

interface ErrorProps {
  readonly error: ErrorView;
  /** Whose stages can be linked to. */
  readonly execution?: ExecutionView;
  readonly label: string;
}

export function ErrorBox({ error, execution, label }: ErrorProps) {
  const { code, message, advice, reported, stage, container, model, endpoint } = error;
  const failed = execution?.stages.findLast(({ name }) => name === stage);
  const where = [
    container && `container ${container}`,
    model && `model ${model}`,
    endpoint && `endpoint ${endpoint}`,
  ];
  return (
    <section className="error-box" aria-label={label}>
      <p>
        <strong>{code}</strong>
        {stage !== undefined && ' in '}
        {failed === undefined ? (
          stage
        ) : (
          <a href={executionHref(execution!.id, { name: failed.name, visit: failed.visit })}>{stage}</a>
        )}
        {where.filter(Boolean).map((one) => (
          <span key={one} className="quiet">
            {' · '}
            {one}
          </span>
        ))}
      </p>
      <p className="error-message">{message}</p>
      {advice !== undefined && <p className="advice">→ {advice}</p>}
      {reported !== undefined && <p className="quiet">Reported as {reported}</p>}
    </section>
  );
}
