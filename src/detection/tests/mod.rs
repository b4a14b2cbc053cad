mod faults;
mod hostile;
mod judged;
mod linked;
mod oracle;
mod property;
